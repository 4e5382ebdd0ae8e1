#include "tasuki/io/atomic_file.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <random>

#include "tasuki/error/error.h"

namespace tasuki {
namespace {

namespace fs = std::filesystem;

constexpr int kMostAttempts = 100;
constexpr const char* kInfix = ".tmp-";

// A path that the signal handler removes, which may not wait for anybody: it copies the path, and
// takes the copy where `version` is odd (there is a path) and the same afterwards.
struct Slot {
  std::atomic<bool> taken{false};
  std::atomic<uint32_t> version{0};
  char path[PATH_MAX] = {};
};
// A writer more than that is safe as well, but for a signal.
std::array<Slot, 16> slots;

void announce(const fs::path& path) {
  const std::string text = path.string();
  if (text.size() >= PATH_MAX) return;
  for (auto& slot : slots) {
    if (slot.taken.exchange(true)) continue;
    std::memcpy(slot.path, text.c_str(), text.size() + 1);
    ++slot.version;
    return;
  }
}

void forget(const fs::path& path) {
  for (auto& slot : slots) {
    if (slot.version % 2 == 0 || path.string() != slot.path) continue;
    ++slot.version;
    slot.taken = false;
    return;
  }
}

extern "C" void remove_and_end(int signal) {
  for (auto& slot : slots) {
    char copy[PATH_MAX];
    const uint32_t version = slot.version;
    if (version % 2 == 0) continue;
    std::memcpy(copy, slot.path, sizeof(copy));
    if (slot.version == version) ::unlink(copy);
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

// A process that has the same number in another container, or had it before, draws another one.
std::string random_text() {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::random_device device;
  std::string text;
  for (int word = 0; word < 2; ++word) {
    for (auto bits = uint32_t(device()), i = 0u; i < 8; ++i, bits >>= 4) {
      text.push_back(kDigits[bits & 15]);
    }
  }
  return text;
}

bool is_temporary_name(const std::string& name) {
  const auto at = name.rfind(kInfix);
  if (at == std::string::npos || at < 2 || name[0] != '.') return false;
  const auto tail = name.substr(at + std::strlen(kInfix));
  const auto dash = tail.find('-');
  return dash != std::string::npos && dash > 0 && dash + 1 < tail.size() &&
         tail.find_first_not_of("0123456789") == dash &&
         tail.find_first_not_of("0123456789abcdef", dash + 1) == std::string::npos;
}

// Whether the file is this process's own now and still has a name: remove_abandoned_files of
// another process may have come between its opening and its lock. A file system without locks has
// nobody who removes.
bool lock_new(const FileHandle& file) {
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return errno != EWOULDBLOCK;
  struct stat status = {};
  return ::fstat(file.get(), &status) == 0 && status.st_nlink > 0;
}

}  // namespace

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  const auto folder = path_.has_parent_path() ? path_.parent_path() : fs::path(".");
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) fail("folder " + folder.string() + " can't be made: " + failed.message());
  open_temporary(folder);
}

AtomicFile::~AtomicFile() {
  if (temporary_.empty()) return;
  ::unlink(temporary_.c_str());
  forget(temporary_);
}

void AtomicFile::open_temporary(const fs::path& folder) {
  const std::string begin =
      "." + path_.filename().string() + kInfix + std::to_string(::getpid()) + "-";
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    const auto name = folder / (begin + random_text());
    announce(name);
    FileHandle file(name, O_WRONLY | O_CREAT | O_EXCL);
    if (file.is_open() && lock_new(file)) {
      temporary_ = name;
      file_ = std::move(file);
      return;
    }
    const int error = errno;
    const bool opened = file.is_open();
    forget(name);
    errno = error;
    if (!opened && error != EEXIST) break;
  }
  fail(system_reason());
}

void AtomicFile::fail(const std::string& why) const {
  throw Error(ErrorKind::kRun, path_.string() + ": can't be written: " + why);
}

void AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(system_reason());
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

void AtomicFile::commit() {
  if (::fsync(file_.get()) != 0) fail(system_reason());
  // Closed after it has its name: until then the lock says that it is not abandoned.
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail(system_reason());
  forget(std::exchange(temporary_, {}));
  file_ = {};
  const FileHandle folder(path_.has_parent_path() ? path_.parent_path() : fs::path("."),
                          O_RDONLY | O_DIRECTORY);
  // Some file systems can't sync a folder; the file itself is complete by now.
  if (folder.is_open()) ::fsync(folder.get());
}

size_t remove_abandoned_files(const fs::path& folder) {
  size_t removed = 0;
  std::error_code failed;
  for (fs::directory_iterator item(folder, failed), end; !failed && item != end;
       item.increment(failed)) {
    if (!is_temporary_name(item->path().filename().string())) continue;
    const FileHandle file(item->path(), O_WRONLY | O_NONBLOCK | O_NOFOLLOW);
    struct stat status = {};
    if (!file.is_open() || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) continue;
    if (::unlink(item->path().c_str()) == 0) ++removed;
  }
  return removed;
}

void remove_temporary_files_on_signals() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction old = {};
    if (::sigaction(signal, nullptr, &old) != 0 || old.sa_handler == SIG_IGN) continue;
    struct sigaction action = {};
    action.sa_handler = remove_and_end;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(signal, &action, nullptr);
  }
}

}  // namespace tasuki
