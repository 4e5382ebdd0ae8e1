#include "tasuki/io/folder_walk.h"

#include <algorithm>
#include <cctype>

#include "tasuki/error/error.h"

namespace tasuki {
namespace {

namespace fs = std::filesystem;

class Walk {
 public:
  explicit Walk(const fs::path& folder) {
    std::error_code failed;
    const auto real = fs::canonical(folder, failed);
    if (failed) throw unreadable(folder, failed);
    enter(folder, "", real);
  }

  std::vector<std::string> files;

 private:
  static Error unreadable(const fs::path& folder, const std::error_code& why) {
    return Error(ErrorKind::kData, folder.string() + ": can't be read: " + why.message());
  }

  // `place`: relative to the beginning; `real`: without links.
  void enter(const fs::path& folder, const std::string& place, const fs::path& real) {
    if (std::find(above_.begin(), above_.end(), real) != above_.end()) {
      throw Error(ErrorKind::kData, folder.string() + ": leads back to " + real.string() +
                                        ", in which it lies: remove the link");
    }
    above_.push_back(real);
    std::error_code failed;
    for (fs::directory_iterator item(folder, failed), end; !failed && item != end;
         item.increment(failed)) {
      const auto name = item->path().filename().string();
      if (!name.starts_with('.')) take(*item, place + name, real / name);
    }
    if (failed) throw unreadable(folder, failed);
    above_.pop_back();
  }

  void take(const fs::directory_entry& item, const std::string& place, const fs::path& real) {
    std::error_code failed;
    if (!item.is_directory(failed)) return files.push_back(place);
    if (!item.is_symlink(failed)) return enter(item.path(), place + "/", real);
    const auto target = fs::canonical(item.path(), failed);
    if (failed) throw unreadable(item.path(), failed);
    enter(item.path(), place + "/", target);
  }

  std::vector<fs::path> above_;  // folders on the way, without links
};

template <int (*change)(int)>
std::string changed(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(change(c)); });
  return text;
}

}  // namespace

std::vector<std::string> files_below(const fs::path& folder) {
  return Walk(folder).files;
}

fs::path with_any_case(const fs::path& path) {
  std::error_code failed;
  if (fs::exists(path, failed)) return path;
  const auto ending = path.extension().string();
  for (const auto& other : {changed<std::toupper>(ending), changed<std::tolower>(ending)}) {
    auto spelled = path;
    spelled.replace_extension(other);
    if (fs::exists(spelled, failed)) return spelled;
  }
  return path;
}

}  // namespace tasuki
