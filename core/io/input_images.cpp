#include "tasuki/io/input_images.h"

#include <algorithm>
#include <memory>
#include <set>

#include "tasuki/error/error.h"
#include "tasuki/io/id_list.h"
#include "tasuki/io/output_folder.h"

namespace tasuki {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostSkippedNames = 10;  // of what was skipped for one reason

// All that lies below a folder.
class ImageWalk {
 public:
  explicit ImageWalk(const fs::path& top) : top_(top) { enter(top); }

  InputImages take() {
    std::sort(found_.images.begin(), found_.images.end(),
              [](const auto& a, const auto& b) { return natural_less(a.id, b.id); });
    return std::move(found_);
  }

 private:
  void enter(const fs::path& folder) {
    std::error_code failed;
    const auto real = fs::canonical(folder, failed);
    if (!failed && !inside_.insert(real).second) {
      return skip(folder, "are links to a folder that they lie in");
    }
    std::vector<fs::path> names;
    for (fs::directory_iterator item(folder, failed), end; !failed && item != end;
         item.increment(failed)) {
      names.push_back(item->path());
    }
    if (failed) skip(folder, "can't be read (" + failed.message() + ")");
    std::sort(names.begin(), names.end());
    lists_.emplace_back(folder);
    for (const auto& path : names) look_at(path);
    lists_.pop_back();
    inside_.erase(real);
  }

  void look_at(const fs::path& path) {
    std::error_code failed;
    const auto name = path.filename().string();
    if (name == kOutputList) return;
    if (name.starts_with('.')) return skip(path, "are hidden");
    if (fs::is_directory(path, failed)) return enter(path);
    if (is_result(path)) return skip(path, "are results of tasuki");
    if (!is_picture(path)) return skip(path, "have no ending of an image");
    if (!fs::is_regular_file(path, failed)) return skip(path, "are no regular files");
    const auto id = path.lexically_relative(top_).replace_extension().generic_string();
    found_.images.push_back({path, id});
  }

  bool is_result(const fs::path& path) const {
    return std::any_of(lists_.begin(), lists_.end(), [&](const List& list) {
      return list.outputs && list.outputs->lists(path.lexically_relative(list.folder));
    });
  }

  void skip(const fs::path& path, const std::string& why) { found_.skipped[why].push_back(path); }

  // A folder on the way, with its list where it has one.
  struct List {
    explicit List(const fs::path& path) : folder(path) {
      std::error_code failed;
      if (fs::exists(folder / kOutputList, failed)) outputs = std::make_unique<OutputFolder>(path);
    }
    fs::path folder;
    std::unique_ptr<OutputFolder> outputs;
  };

  const fs::path top_;
  std::set<fs::path> inside_;  // real folders from the top to here
  std::vector<List> lists_;
  InputImages found_;
};

void check_ids(const InputImages& input) {
  std::map<std::string, fs::path> files;
  for (const auto& image : input.images) {
    const auto [known, fresh] = files.emplace(image.id, image.file);
    if (fresh) continue;
    throw Error(ErrorKind::kUsage, known->second.string() + " and " + image.file.string() +
                                       " have the same name but for the ending, and their "
                                       "predictions would be the same files; rename one of them");
  }
}

}  // namespace

bool is_picture(const fs::path& file) {
  static const std::set<std::string> known = {".png", ".jpg",  ".jpeg", ".bmp",
                                              ".tif", ".tiff", ".webp", ".ppm"};
  std::string extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), ::tolower);
  return known.count(extension) > 0;
}

InputImages find_images(const fs::path& input) {
  std::error_code failed;
  if (!fs::exists(input, failed)) {
    throw Error(ErrorKind::kUsage, input.string() + ": there is no such image or folder");
  }
  if (!fs::is_directory(input, failed)) return {{{input, input.stem().string()}}, {}};
  auto found = ImageWalk(input).take();
  if (found.images.empty()) {
    throw Error(ErrorKind::kUsage, input.string() + ": no images in this folder" +
                                       (found.skipped.empty() ? "" : ". ") + skipped_text(found));
  }
  check_ids(found);
  return found;
}

std::string skipped_text(const InputImages& images) {
  std::string text;
  for (const auto& [why, paths] : images.skipped) {
    std::vector<std::string> names;
    for (const auto& path : paths) {
      if (names.size() < kMostSkippedNames) names.push_back(path.string());
    }
    text += "Skipped " + std::to_string(paths.size()) + " that " + why + ": " + join(names);
    if (paths.size() > names.size()) {
      text += " and " + std::to_string(paths.size() - names.size()) + " more";
    }
    text += "\n";
  }
  return text;
}

}  // namespace tasuki
