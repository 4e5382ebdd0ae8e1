#include <map>
#include <memory>

#include "core/data/dataset.h"
#include "core/registry/registry.h"
#include "datasets/folder/field_reader.h"
#include "datasets/folder/folder.pb.h"
#include "datasets/folder/split_list.h"

namespace tasuki::datasets {
namespace {

std::string size_text(const Field& field) {
  return std::to_string(field.value.rows) + "x" + std::to_string(field.value.cols);
}

// "field[depth]", or "field[2]" where there is no name.
std::string place(const char* list, const std::string& name, int index) {
  return std::string(list) + "[" + (name.empty() ? std::to_string(index) : name) + "]";
}

std::filesystem::path existing_root(const options::Folder& options,
                                    const Dataset::Context& context) {
  const auto root = context.data_root / options.root();
  if (!std::filesystem::is_directory(root)) {
    throw Error(ErrorKind::kData, "there is no data set folder " + root.string() +
                                      "; say where data lie with --data-root or TASUKI_DATA");
  }
  return root;
}

class Folder final : public Dataset {
 public:
  Folder(const options::Folder& options, const Dataset::Context& context) {
    check_names(options);
    const auto root = options.field().empty() ? "" : existing_root(options, context);
    for (int i = 0; i < options.field_size(); ++i) {
      const auto& field = options.field(i);
      readers_.push_back(
          std::make_unique<folder::FieldReader>(field, root, place("field", field.name(), i)));
      if (field.name() == "image") image_ = readers_.back().get();
    }
    require_option(image_ != nullptr, "field", "a field named \"image\" is required");
    require_option(!options.split().empty(), "split", "at least one split is required");
    if (options.has_camera()) set_camera(options.camera());
    for (int i = 0; i < options.split_size(); ++i) {
      add_split(options.split(i), root, place("split", options.split(i).name(), i));
    }
  }

  std::vector<std::string> splits() const override { return names_; }
  size_t size(const std::string& split) const override { return ids_of(split).size(); }
  std::vector<std::string> ids(const std::string& split) const override { return ids_of(split); }

  std::vector<std::string> class_names(const std::string& field) const override {
    for (const auto& reader : readers_) {
      if (reader->name() == field) return reader->classes();
    }
    return {};
  }

  Sample load(const std::string& split, size_t index) const override {
    Sample sample;
    sample.id = ids_of(split).at(index);
    try {
      for (const auto& reader : readers_) sample.fields[reader->name()] = reader->read(sample.id);
      check_sizes(sample);
    } catch (const Error& error) {
      throw error.within("sample " + sample.id);
    }
    sample.original_size = sample.size();
    sample.camera = camera_;
    check_sample(sample);
    return sample;
  }

 private:
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
    }
  }

  void set_camera(const options::Folder::Camera& camera) {
    require_option(camera.fx() > 0, "camera.fx", "a focal length in pixels is required");
    require_option(camera.fy() > 0, "camera.fy", "a focal length in pixels is required");
    require_option(camera.has_cx(), "camera.cx", "the principal point is required");
    require_option(camera.has_cy(), "camera.cy", "the principal point is required");
    camera_ = Camera{camera.fx(), camera.fy(), camera.cx(), camera.cy()};
  }

  void add_split(const options::Folder::Split& split, const std::filesystem::path& root,
                 const std::string& at) {
    require_option(split.from() >= 0 && split.from() <= 1, at + ".from",
                   "a fraction is between 0 and 1");
    const double to = split.has_to() ? split.to() : 1;
    require_option(to > split.from() && to <= 1, at + ".to",
                   "a fraction above `from` and at most 1 is expected");
    names_.push_back(split.name());
    ids_[split.name()] = folder::split_ids(split, root, image_->folder(), image_->extension());
  }

  const std::vector<std::string>& ids_of(const std::string& split) const {
    const auto found = ids_.find(split);
    if (found != ids_.end()) return found->second;
    throw unknown_split(split, names_);
  }

  static void check_sizes(const Sample& sample) {
    const Field& image = sample.field("image");
    for (const auto& [name, field] : sample.fields) {
      if (field.value.size() == image.value.size()) continue;
      throw Error(ErrorKind::kData, field.file + " is " + size_text(field) + ", but " + image.file +
                                        " is " + size_text(image) + " (height x width)");
    }
  }

  std::vector<std::unique_ptr<folder::FieldReader>> readers_;
  const folder::FieldReader* image_ = nullptr;
  std::optional<Camera> camera_;
  std::vector<std::string> names_;
  std::map<std::string, std::vector<std::string>> ids_;
};

}  // namespace
}  // namespace tasuki::datasets

TASUKI_REGISTER(tasuki::Dataset, tasuki::datasets::Folder, tasuki::options::Folder,
                "tasuki/Folder");
