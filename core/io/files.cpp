#include "tasuki/io/files.h"

#include <sys/stat.h>

#include "tasuki/error/error.h"
#include "tasuki/io/atomic_file.h"

namespace tasuki {
namespace {

namespace fs = std::filesystem;

Error failure(const fs::path& path, const std::string& problem) {
  return Error(ErrorKind::kData, path.string() + ": " + problem);
}

fs::file_status status_of(const fs::path& path) {
  std::error_code failed;
  const auto status = fs::status(path, failed);
  if (status.type() == fs::file_type::none || status.type() == fs::file_type::unknown) {
    throw failure(path, "can't be looked at: " + failed.message());
  }
  return status;
}

}  // namespace

// Without O_NONBLOCK opening a pipe would wait for a writer.
FileReader::FileReader(fs::path path, size_t limit)
    : path_(std::move(path)), file_(path_, O_RDONLY | O_NONBLOCK) {
  if (!file_.is_open()) throw failure(path_, "can't be opened: " + system_reason());
  struct stat status = {};
  if (::fstat(file_.get(), &status) != 0) {
    throw failure(path_, "can't be read: " + system_reason());
  }
  if (!S_ISREG(status.st_mode)) throw failure(path_, "is not a regular file");
  size_ = static_cast<size_t>(status.st_size);
  if (size_ > limit) {
    throw failure(
        path_, std::to_string(size_) + " bytes, more than the limit of " + std::to_string(limit));
  }
}

void FileReader::read(size_t offset, char* to, size_t bytes) const {
  while (bytes > 0) {
    const ssize_t got = ::pread(file_.get(), to, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw failure(path_, "can't be read: " + system_reason());
    if (got == 0) throw failure(path_, "shrank while it was read");
    offset += static_cast<size_t>(got);
    to += got;
    bytes -= static_cast<size_t>(got);
  }
}

std::string read_file(const fs::path& path, size_t limit) {
  const FileReader file(path, limit);
  std::string bytes(file.size(), '\0');
  file.read(0, bytes.data(), bytes.size());
  return bytes;
}

void check_readable(const fs::path& path) {
  const FileReader file(path, ~size_t{0});
}

bool path_exists(const fs::path& path) {
  return fs::exists(status_of(path));
}

bool is_folder(const fs::path& path) {
  return fs::is_directory(status_of(path));
}

void write_file_atomically(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace tasuki
