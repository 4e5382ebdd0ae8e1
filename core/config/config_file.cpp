#include "tasuki/config/config_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "tasuki/error/error.h"

namespace tasuki {
namespace {

// Why a file can't be read as a config, "" when it can. Devices and pipes may never end.
std::string obstacle(const std::filesystem::path& file) {
  std::error_code code;
  const auto status = std::filesystem::status(file, code);
  if (status.type() == std::filesystem::file_type::not_found) return "there is no such file";
  if (code) return "can't be read: " + code.message();
  if (std::filesystem::is_directory(status)) return "is a folder, not a config";
  if (!std::filesystem::is_regular_file(status)) return "is no regular file";
  return "";
}

}  // namespace

std::string read_config_file(const std::filesystem::path& file, const std::string& asked_by) {
  const auto fail = [&](const std::string& problem) {
    return Error(ErrorKind::kUsage, asked_by + file.string() + ": " + problem);
  };
  const auto problem = obstacle(file);
  if (!problem.empty()) throw fail(problem);
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) throw fail(std::string("can't be read: ") + std::strerror(errno));
  std::string text;
  std::vector<char> chunk(size_t{1} << 16);
  while (in && text.size() <= kLargestConfig) {
    in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    text.append(chunk.data(), static_cast<size_t>(in.gcount()));
  }
  if (in.bad()) throw fail("can't be read to its end");
  if (text.size() > kLargestConfig) throw fail("is larger than 16 MiB, too large for a config");
  return text;
}

}  // namespace tasuki
