#include "tests/fuzz/target.h"

#include <fstream>
#include <stdexcept>

#include "tests/core/io/temporary_folder.h"

namespace tasuki::fuzz {

const std::filesystem::path& folder() {
  static const testing::TemporaryFolder folder;
  return folder.path();
}

std::filesystem::path write_input(const std::string& name, std::string_view bytes) {
  const auto file = folder() / name;
  std::ofstream out(file, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) throw std::runtime_error(file.string() + " can't be written");
  return file;
}

void require(bool holds, const std::string& property) {
  if (!holds) throw std::logic_error("does not hold: " + property);
}

void require_located(const Error& error, ErrorKind kind, const std::string& name) {
  const std::string message = error.what();
  require(error.kind() == kind, "the error's kind, of: " + message);
  require(message.find(name) != std::string::npos, "the error names " + name + ": " + message);
}

}  // namespace tasuki::fuzz
