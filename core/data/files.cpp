#include "core/data/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>

#include "core/error/error.h"

namespace tasuki {
namespace {

// An open file descriptor, closed with its owner.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags)
      : value_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool is_open() const { return value_ >= 0; }
  int get() const { return value_; }
  // True when the kernel reported no error of an earlier write.
  bool close() { return ::close(std::exchange(value_, -1)) == 0; }

 private:
  int value_;
};

// The reason of the last failed system call.
std::string reason() {
  return std::generic_category().message(errno);
}

size_t checked_size(const Descriptor& file, const std::filesystem::path& path, size_t limit) {
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) {
    throw Error(ErrorKind::kData, path.string() + ": can't be read: " + reason());
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorKind::kData, path.string() + ": is not a regular file");
  }
  if (static_cast<size_t>(status.st_size) > limit) {
    throw Error(ErrorKind::kData, path.string() + ": " + std::to_string(status.st_size) +
                                      " bytes, more than the limit of " + std::to_string(limit));
  }
  return static_cast<size_t>(status.st_size);
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// Unique in this process and, by its process id, among all of this machine.
std::filesystem::path temporary_name(const std::filesystem::path& path) {
  static std::atomic<unsigned> counter{0};
  return path.parent_path() / ("." + path.filename().string() + ".tmp-" +
                               std::to_string(::getpid()) + "-" + std::to_string(counter++));
}

// True when the bytes have reached the disk under `temporary` and then got their name.
bool write_and_rename(const std::filesystem::path& temporary, const std::filesystem::path& path,
                      std::string_view bytes) {
  Descriptor file(temporary, O_WRONLY | O_CREAT | O_EXCL);
  if (!file.is_open()) return false;
  if (!write_all(file.get(), bytes) || ::fsync(file.get()) != 0 || !file.close()) return false;
  return ::rename(temporary.c_str(), path.c_str()) == 0;
}

}  // namespace

std::string read_file(const std::filesystem::path& path, size_t limit) {
  // Without O_NONBLOCK opening a pipe would wait for a writer.
  const Descriptor file(path, O_RDONLY | O_NONBLOCK);
  if (!file.is_open()) {
    throw Error(ErrorKind::kData, path.string() + ": can't be opened: " + reason());
  }
  std::string bytes(checked_size(file, path, limit), '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error(ErrorKind::kData, path.string() + ": can't be read: " + reason());
    if (got == 0) throw Error(ErrorKind::kData, path.string() + ": shrank while it was read");
    done += static_cast<size_t>(got);
  }
  return bytes;
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  const auto temporary = temporary_name(path);
  if (!write_and_rename(temporary, path, bytes)) {
    const std::string why = reason();
    ::unlink(temporary.c_str());
    throw Error(ErrorKind::kRun, path.string() + ": can't be written: " + why);
  }
  const Descriptor parent(folder, O_RDONLY | O_DIRECTORY);
  // Some file systems can't sync a folder; the file itself is complete by now.
  if (parent.is_open()) ::fsync(parent.get());
}

}  // namespace tasuki
