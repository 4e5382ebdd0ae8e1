#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "tasuki/io/file_handle.h"

namespace tasuki {

inline constexpr size_t kLargestFile = size_t{16} << 30;

// A regular file, read in parts at any place. Every Error (kData) names the file and the operating
// system's reason.
class FileReader {
 public:
  // Error when it is missing, is no regular file (a folder, a pipe), can't be opened or is larger
  // than `limit` bytes.
  explicit FileReader(std::filesystem::path path, size_t limit = kLargestFile);

  size_t size() const { return size_; }
  // Error when the file does not have them any more.
  void read(size_t offset, char* to, size_t bytes) const;

 private:
  std::filesystem::path path_;
  FileHandle file_;
  size_t size_ = 0;
};

// All bytes of a regular file. Errors are FileReader's.
std::string read_file(const std::filesystem::path& path, size_t limit = kLargestFile);

// For readers of other libraries, which keep the reason of a failure to themselves: Error (kData)
// when the file is missing, is no regular file or can't be opened.
void check_readable(const std::filesystem::path& path);

// Whether there is something of this name, or a folder. Error (kData) when that can't be found out,
// where permission is missing, say: that is not the same as "no".
bool path_exists(const std::filesystem::path& path);
bool is_folder(const std::filesystem::path& path);

// Writes `bytes` as AtomicFile does.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

}  // namespace tasuki
