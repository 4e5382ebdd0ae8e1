#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace tasuki {

inline constexpr size_t kLargestFile = size_t{16} << 30;

// All bytes of a regular file. Error (kData) when it is missing, is no regular file (a folder, a
// pipe), can't be read or is larger than `limit` bytes.
std::string read_file(const std::filesystem::path& path, size_t limit = kLargestFile);

// Writes `bytes` so that `path` holds either what it held before or all of them, also after a crash
// or a loss of power: a file of a temporary name beside it, fsync, rename, fsync of the folder.
// Folders that are missing are made. Error (kRun) when that fails; nothing is left behind then.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

}  // namespace tasuki
