#pragma once

#include <filesystem>
#include <string>

namespace tasuki {

// The largest config that is read, 16 MiB.
inline constexpr size_t kLargestConfig = size_t{16} << 20;

// The text of a config. Error (kUsage), put behind `asked_by` ("a.pbtxt:1:1: base[0]: ", or ""):
// the file is missing, no regular file, unreadable or too large.
std::string read_config_file(const std::filesystem::path& file, const std::string& asked_by);

}  // namespace tasuki
