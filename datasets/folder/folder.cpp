#include <cmath>
#include <map>
#include <memory>
#include <set>

#include "datasets/folder/field_reader.h"
#include "datasets/folder/folder.pb.h"
#include "tasuki/data/listed_dataset.h"
#include "tasuki/io/files.h"
#include "tasuki/io/id_list.h"
#include "tasuki/registry/registry.h"

namespace tasuki::datasets {
namespace {

using Excluded = std::set<std::string, std::less<>>;

// "field[depth]", or "field[2]" where there is no name.
std::string place(const char* list, const std::string& name, int index) {
  return std::string(list) + "[" + (name.empty() ? std::to_string(index) : name) + "]";
}

class Folder final : public ListedDataset {
 public:
  Folder(const options::Folder& options, const Dataset::Context& context) {
    check_names(options);
    if (!options.field().empty()) root_ = existing_folder(context, options.root());
    for (int i = 0; i < options.field_size(); ++i) {
      const auto& field = options.field(i);
      readers_.push_back(std::make_unique<folder::FieldReader>(
          field, place("field", field.name(), i), context.image));
      if (field.name() == "image") image_ = readers_.back().get();
    }
    require_option(image_ != nullptr, "field", "a field named \"image\" is required");
    require_option(!options.split().empty(), "split", "at least one split is required");
    if (options.has_camera()) set_camera(options.camera());
    for (int i = 0; i < options.split_size(); ++i) {
      add_split(options.split(i), place("split", options.split(i).name(), i));
    }
    check_excluded();
    for (const auto& split : options.split()) check_folder_of_ids(split);
  }

  std::vector<std::string> class_names(const std::string& field) const override {
    for (const auto& reader : readers_) {
      if (reader->name() == field) return reader->classes();
    }
    return {};
  }

 protected:
  Sample read(const std::string& id) const override {
    const auto folder = split_folder_of(id);
    const auto name = folder.empty() ? id : id.substr(folder.size() + 1);
    Sample sample;
    const auto read_field = [&](const folder::FieldReader& reader, cv::Size size = {}) {
      return reader.is_above_splits() ? reader.read(root_, id, size)
                                      : reader.read(root_ / folder, name, size);
    };
    sample.fields["image"] = read_field(*image_);
    for (const auto& reader : readers_) {
      if (reader.get() == image_) continue;
      sample.fields[reader->name()] = read_field(*reader, sample.size());
    }
    sample.camera = camera_;
    return sample;
  }

 private:
  std::string split_folder_of(std::string_view id) const {
    const auto found =
        std::find_if(split_folders_.begin(), split_folders_.end(), [&](const std::string& folder) {
          return id.size() > folder.size() && id[folder.size()] == '/' && id.starts_with(folder);
        });
    return found == split_folders_.end() ? "" : *found;
  }

  // "a/b/0" is the id of 0 in a/b, and of b/0 in a.
  void check_folder_of_ids(const options::Folder::Split& split) const {
    if (split_folders_.size() < 2) return;
    const auto all = ids(split.name());
    for (size_t i = 0; i < all.size(); ++i) {
      const auto folder = split_folder_of(all.view(i));
      if (folder == split.folder()) continue;
      throw Error(ErrorKind::kData, "split \"" + split.name() + "\": the id " + all[i] +
                                        " might be in the folder " + split.folder() +
                                        " or in the folder " + folder +
                                        ", which both belong to splits: rename one of them");
    }
  }

  static void check_names(const options::Folder& options) {
    std::map<std::string, int> fields, splits;
    for (int i = 0; i < options.field_size(); ++i) {
      const auto& name = options.field(i).name();
      require_option(!name.empty() && fields[name]++ == 0, place("field", name, i) + ".name",
                     "each field needs a name of its own");
    }
    for (int i = 0; i < options.split_size(); ++i) {
      const auto& name = options.split(i).name();
      require_option(!name.empty() && splits[name]++ == 0, place("split", name, i) + ".name",
                     "each split needs a name of its own");
      const std::filesystem::path folder(options.split(i).folder());
      require_option(folder.empty() || (folder.lexically_normal() == folder && folder != "." &&
                                        !folder.is_absolute() && *folder.begin() != ".."),
                     place("split", name, i) + ".folder",
                     "a path below the root is expected, such as \"train\"");
      require_option(options.split(i).folder().empty() == options.split(0).folder().empty(),
                     place("split", name, i) + ".folder", "all splits have one, or none has");
    }
  }

  void set_camera(const options::Folder::Camera& camera) {
    require_option(std::isfinite(camera.cx()), "camera.cx", "the principal point must be finite");
    require_option(std::isfinite(camera.cy()), "camera.cy", "the principal point must be finite");
    camera_ = Camera{camera.fx(), camera.fy(), camera.cx(), camera.cy()};
  }

  void add_split(const options::Folder::Split& split, const std::string& at) {
    require_option(split.to() > split.from(), at + ".to", "a fraction above `from` is expected");
    const auto root = root_ / split.folder();
    const auto source = root / (split.has_list() ? split.list() : image_->folder());
    const auto& all = ids_of(source, split.has_list());
    if (split.has_list()) {
      check_is_one_column(
          source, all, [&](const std::string& id) { return path_exists(image_->file(root, id)); });
    }
    const auto excluded = excluded_from(split, root, all);
    if (!split.folder().empty()) split_folders_.insert(split.folder());
    ListedDataset::add_split(
        split.name(), chosen(part_of(all, split.from(), split.to()), excluded, split.folder()),
        "none of the " + std::to_string(all.size()) + " ids of " + source.string() + " is left");
  }

  // Of a list, or of a folder of images: read once, however many splits are parts of it.
  const IdList& ids_of(const std::filesystem::path& source, bool is_list) {
    const auto found = listed_.find(source);
    if (found != listed_.end()) return found->second;
    return listed_
        .emplace(source, is_list ? read_ids(source) : IdList(find_ids(source, image_->extension())))
        .first->second;
  }

  // The ids that are not excluded, behind the folder of their split.
  static IdList chosen(const IdList& listed, const Excluded& excluded, const std::string& folder) {
    if (excluded.empty() && folder.empty()) return listed;
    const auto prefix = folder.empty() ? "" : folder + "/";
    IdList::Builder ids;
    for (size_t i = 0; i < listed.size(); ++i) {
      const auto id = listed.view(i);
      if (excluded.find(id) == excluded.end()) ids.add(prefix, id);
    }
    return ids.finish();
  }

  Excluded excluded_from(const options::Folder::Split& split, const std::filesystem::path& root,
                         const IdList& all) {
    if (!split.has_exclude()) return {};
    const auto file = root / split.exclude();
    const auto ids = read_ids(file);
    const Excluded excluded(ids.begin(), ids.end());
    auto& unknown = unknown_excluded_.emplace(file, excluded).first->second;
    for (size_t i = 0; i < all.size() && !unknown.empty(); ++i) {
      const auto found = unknown.find(all.view(i));
      if (found != unknown.end()) unknown.erase(found);
    }
    return excluded;
  }

  // A file of ids to leave out may be for several lists; an id that none of them has leaves
  // something in.
  void check_excluded() const {
    for (const auto& [file, unknown] : unknown_excluded_) {
      if (unknown.empty()) continue;
      throw Error(ErrorKind::kData, file.string() + ": id \"" + *unknown.begin() +
                                        "\" is in none of the lists that it is left out of");
    }
  }

  std::vector<std::unique_ptr<folder::FieldReader>> readers_;
  const folder::FieldReader* image_ = nullptr;
  std::filesystem::path root_;
  std::map<std::filesystem::path, IdList> listed_;
  // Of each file of excluded ids those that no list had so far.
  std::map<std::filesystem::path, Excluded> unknown_excluded_;
  std::set<std::string, std::greater<>> split_folders_;  // "a/b" before "a"
  std::optional<Camera> camera_;
};

}  // namespace
}  // namespace tasuki::datasets

TASUKI_REGISTER(tasuki::Dataset, tasuki::datasets::Folder, tasuki::options::Folder,
                "tasuki/Folder");
