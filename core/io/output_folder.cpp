#include "tasuki/io/output_folder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <system_error>

#include "tasuki/error/error.h"
#include "tasuki/io/file_handle.h"
#include "tasuki/io/files.h"

namespace tasuki {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStage = ".tasuki_stage-";
constexpr const char* kListHead =
    "# What tasuki wrote into this folder: hash, file, what it was made from. Only what is listed "
    "is ever replaced.\n";
constexpr size_t kHashDigits = 16;
constexpr size_t kLargestOutputList = size_t{1} << 30;
constexpr int kTries = 8;

Error unwritable(const fs::path& path, const std::string& reason) {
  return Error(ErrorKind::kRun, path.string() + ": can't be written: " + reason);
}

std::string digits_of(uint64_t number) {
  std::string digits(kHashDigits, '0');
  for (size_t i = kHashDigits; i-- > 0; number >>= 4) digits[i] = "0123456789abcdef"[number & 15];
  return digits;
}

// XXH3 of a file's bytes, as hexadecimal digits; nothing where it can't be read.
std::optional<std::string> hash_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  std::vector<char> block(size_t{1} << 20);
  XXH3_state_t* state = XXH3_createState();
  XXH3_64bits_reset(state);
  while (in.read(block.data(), std::streamsize(block.size())), in.gcount() > 0) {
    XXH3_64bits_update(state, block.data(), size_t(in.gcount()));
  }
  const auto digits = digits_of(XXH3_64bits_digest(state));
  XXH3_freeState(state);
  return in.bad() ? std::nullopt : std::optional(digits);
}

bool needs_escape(char c) {
  return static_cast<unsigned char>(c) < 32 || c == 127 || c == '%';
}

// A name as one word of a line: control characters as %0A.
std::string escaped_name(const std::string& name) {
  std::string text;
  for (const char c : name) {
    if (needs_escape(c)) {
      text += '%';
      text += digits_of(static_cast<unsigned char>(c)).substr(kHashDigits - 2);
    } else {
      text += c;
    }
  }
  return text;
}

std::string unescaped_name(const std::string& text) {
  std::string name;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' || i + 2 >= text.size()) {
      name += text[i];
      continue;
    }
    name += static_cast<char>(std::strtol(text.substr(i + 1, 2).c_str(), nullptr, 16));
    i += 2;
  }
  return name;
}

// Absolute and without links, as far as it exists.
fs::path full_path(const fs::path& path) {
  std::error_code failed;
  const auto full = fs::weakly_canonical(path, failed);
  return failed ? fs::absolute(path, failed).lexically_normal() : full;
}

std::vector<fs::path> staged_files(const fs::path& folder) {
  std::vector<fs::path> names;
  for (const auto& item : fs::recursive_directory_iterator(folder)) {
    if (!item.is_directory()) names.push_back(item.path().lexically_relative(folder));
  }
  std::sort(names.begin(), names.end());
  return names;
}

// A descriptor that holds the lock of a folder in the making, or -1 where another process has it;
// without the lock where the file system knows none, if that will do.
int lock_of(const fs::path& folder, bool without_will_do) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return -1;
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  if (without_will_do && errno != EWOULDBLOCK) return descriptor;
  ::close(descriptor);
  return -1;
}

void make_folder(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) throw unwritable(folder, failed.message());
}

}  // namespace

OutputFolder::OutputFolder(const Path& folder) : folder_(folder.empty() ? "." : folder) {
  std::error_code failed;
  if (fs::exists(folder_, failed) && !fs::is_directory(folder_, failed)) {
    throw Error(ErrorKind::kUsage, folder_.string() + ": is a file, not a folder");
  }
  read_list();
}

OutputFolder::~OutputFolder() {
  if (stage_lock_ < 0) return;
  std::error_code ignored;
  fs::remove_all(stage_, ignored);
  ::close(stage_lock_);
}

void OutputFolder::read_list() {
  std::error_code failed;
  if (!fs::exists(folder_ / kOutputList, failed)) return;
  const std::string text = read_file(folder_ / kOutputList, kLargestOutputList);
  torn_ = !text.empty() && text.back() != '\n';
  for (size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos;
       begin = end + 1) {
    const auto line = text.substr(begin, end - begin);
    const auto behind_name = line.find('\t', kHashDigits + 1);
    if (line.starts_with('#') || behind_name == std::string::npos) continue;
    const auto name = line.substr(kHashDigits + 1, behind_name - kHashDigits - 1);
    known_[unescaped_name(name)].insert(
        {line.substr(0, kHashDigits), line.substr(behind_name + 1)});
  }
}

std::string OutputFolder::text_of(const Sources& sources) const {
  std::string text;
  for (const auto& source : sources) {
    // Relative, so that folders which are moved together stay what they are to each other.
    const auto name = full_path(source).lexically_proximate(full_path(folder_)).generic_string();
    text += (text.empty() ? "" : "\t") + escaped_name(name);
  }
  return text;
}

bool OutputFolder::lists(const Path& name) const {
  return known_.count(name.generic_string()) > 0;
}

void OutputFolder::check(const Path& name, const Sources& sources) const {
  const auto file = (folder_ / name).lexically_normal();
  const auto refused = [&](const std::string& why) {
    return Error(ErrorKind::kUsage, file.string() + ": " + why +
                                        ", and nothing was written over it; give another place "
                                        "for the results, or move it away");
  };
  std::error_code failed;
  const auto status = fs::symlink_status(file, failed);
  if (status.type() == fs::file_type::not_found) return;
  if (fs::is_directory(file, failed)) throw refused("is a folder");
  const auto known = known_.find(name.generic_string());
  if (known == known_.end()) throw refused("is there already and no result of tasuki");
  const auto hash = hash_of(file);
  const auto wanted = text_of(sources);
  std::string other;
  for (const auto& [bytes, made_from] : known->second) {
    if (bytes != hash) continue;
    if (made_from == wanted) return;
    other = made_from.substr(0, made_from.find('\t'));
  }
  if (other.empty()) throw refused("was changed since tasuki wrote it");
  throw refused("is the result of " +
                (folder_ / unescaped_name(other)).lexically_normal().string());
}

const OutputFolder::Path& OutputFolder::stage() {
  if (stage_lock_ >= 0) {
    clear_stage();
    return stage_;
  }
  make_folder(folder_);
  remove_abandoned();
  for (int i = 0; i < kTries; ++i) {
    std::string name = (folder_ / kStage).string() + "XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw unwritable(folder_, system_reason());
    stage_ = name;
    stage_lock_ = lock_of(stage_, true);
    if (stage_lock_ < 0) continue;
    std::error_code failed;
    if (fs::exists(stage_, failed)) return stage_;
    ::close(std::exchange(stage_lock_, -1));  // another process took it for an abandoned one
  }
  throw unwritable(folder_, "no folder inside can be locked");
}

// Of what a failure left half made.
void OutputFolder::clear_stage() const {
  std::error_code failed;
  for (const auto& item : fs::directory_iterator(stage_, failed))
    fs::remove_all(item.path(), failed);
}

void OutputFolder::remove_abandoned() const {
  std::error_code failed;
  std::vector<Path> found;
  for (const auto& item : fs::directory_iterator(folder_, failed)) {
    if (item.path().filename().string().starts_with(kStage)) found.push_back(item.path());
  }
  for (const auto& folder : found) {
    const int lock = lock_of(folder, false);
    if (lock < 0) continue;
    fs::remove_all(folder, failed);
    ::close(lock);
  }
}

void OutputFolder::append(const std::vector<Path>& names, const std::string& sources) {
  std::error_code failed;
  std::string text = torn_ ? "\n" : fs::exists(folder_ / kOutputList, failed) ? "" : kListHead;
  for (const auto& name : names) {
    const Entry entry{hash_of(stage_ / name).value_or(""), sources};
    if (!known_[name.generic_string()].insert(entry).second) continue;
    text += entry.first + "\t" + escaped_name(name.generic_string()) + "\t" + sources + "\n";
  }
  torn_ = false;
  const auto list = folder_ / kOutputList;
  const int descriptor = ::open(list.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  // In one piece, so that lines of several processes stay whole.
  const bool done =
      descriptor >= 0 && ::write(descriptor, text.data(), text.size()) == ssize_t(text.size());
  const auto reason = system_reason();
  if (descriptor >= 0) ::close(descriptor);
  if (!done) throw unwritable(list, reason);
}

void OutputFolder::publish(const Sources& sources) {
  const auto names = staged_files(stage_);
  for (const auto& name : names) check(name, sources);
  // Before the files: one that is there and not listed could never be replaced.
  append(names, text_of(sources));
  for (const auto& name : names) {
    const auto file = folder_ / name;
    make_folder(file.has_parent_path() ? file.parent_path() : Path("."));
    std::error_code failed;
    fs::rename(stage_ / name, file, failed);
    if (failed) throw unwritable(file, failed.message());
  }
}

void check_output(const std::filesystem::path& file, const OutputFolder::Sources& sources) {
  OutputFolder(file.parent_path()).check(file.filename(), sources);
}

void write_output(const std::filesystem::path& file, const OutputFolder::Sources& sources,
                  const std::function<void(const std::filesystem::path&)>& make) {
  OutputFolder folder(file.parent_path());
  folder.check(file.filename(), sources);
  make(folder.stage() / file.filename());
  folder.publish(sources);
}

}  // namespace tasuki
