#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

namespace tasuki {

// An open file descriptor, closed with its owner and, unless `flags` say otherwise, by exec.
class FileHandle {
 public:
  FileHandle() = default;
  // is_open() is false, and errno set, where that fails.
  FileHandle(const std::filesystem::path& path, int flags)
      : value_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~FileHandle() {
    if (value_ >= 0) ::close(value_);
  }
  FileHandle(FileHandle&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  FileHandle& operator=(FileHandle&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }

  bool is_open() const { return value_ >= 0; }
  int get() const { return value_; }

 private:
  int value_ = -1;
};

// The reason of the last failed system call, as the operating system words it.
inline std::string system_reason() {
  return std::generic_category().message(errno);
}

}  // namespace tasuki
