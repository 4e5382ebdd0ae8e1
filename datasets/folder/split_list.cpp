#include "datasets/folder/split_list.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/data/files.h"
#include "core/error/error.h"

namespace tasuki::folder {
namespace {

constexpr size_t kLargestList = size_t{1} << 28;

bool stays_inside(const std::string& id) {
  const std::filesystem::path path(id);
  if (path.is_absolute()) return false;
  for (const auto& part : path) {
    if (part == "..") return false;
  }
  return std::none_of(id.begin(), id.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 32; });
}

size_t boundary(double fraction, size_t count) {
  return static_cast<size_t>(std::llround(fraction * static_cast<double>(count)));
}

}  // namespace

std::vector<std::string> read_ids(const std::filesystem::path& file) {
  const std::string text = read_file(file, kLargestList);
  std::vector<std::string> ids;
  std::map<std::string, int> line_of;
  int line = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string id = text.substr(begin, end - begin);
    id.erase(id.find_last_not_of(" \t\r") + 1);
    begin = end + 1;
    ++line;
    if (id.empty()) continue;
    const std::string place = file.string() + ":" + std::to_string(line) + ": id \"" + id + "\"";
    if (!stays_inside(id)) throw Error(ErrorKind::kData, place + " leads out of its folder");
    const auto [known, fresh] = line_of.emplace(id, line);
    if (!fresh) {
      throw Error(ErrorKind::kData,
                  place + " is in line " + std::to_string(known->second) + " already");
    }
    ids.push_back(std::move(id));
  }
  return ids;
}

std::vector<std::string> find_ids(const std::filesystem::path& folder,
                                  const std::string& extension) {
  std::error_code failed;
  std::vector<std::string> ids;
  for (std::filesystem::recursive_directory_iterator file(folder, failed), end;
       !failed && file != end; file.increment(failed)) {
    if (!file->is_regular_file() || file->path().extension() != extension) continue;
    ids.push_back(file->path().lexically_relative(folder).replace_extension().generic_string());
  }
  if (failed) throw Error(ErrorKind::kData, folder.string() + ": " + failed.message());
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<std::string> split_ids(const options::Folder::Split& split,
                                   const std::filesystem::path& root,
                                   const std::filesystem::path& image_folder,
                                   const std::string& image_extension) {
  const auto source = split.has_list() ? root / split.list() : image_folder;
  const auto all = split.has_list() ? read_ids(source) : find_ids(source, image_extension);
  const size_t from = boundary(split.from(), all.size());
  const size_t to = boundary(split.has_to() ? split.to() : 1.0, all.size());
  std::set<std::string> excluded;
  if (split.has_exclude()) {
    const auto ids = read_ids(root / split.exclude());
    excluded.insert(ids.begin(), ids.end());
  }
  std::vector<std::string> chosen;
  for (size_t i = from; i < to; ++i) {
    if (excluded.count(all[i]) == 0) chosen.push_back(all[i]);
  }
  if (chosen.empty()) {
    throw Error(ErrorKind::kData, "split \"" + split.name() + "\" is empty: none of the " +
                                      std::to_string(all.size()) + " ids of " + source.string() +
                                      " is left");
  }
  return chosen;
}

}  // namespace tasuki::folder
