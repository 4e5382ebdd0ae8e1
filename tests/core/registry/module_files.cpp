#include "tests/core/registry/module_files.h"

#include <google/protobuf/text_format.h>

#include <fstream>
#include <iterator>

namespace tasuki::test {

namespace fs = std::filesystem;

fs::path built_module(const std::string& name) {
  return fs::path(TASUKI_REGISTRY_MODULES) / (name + ".so");
}

bool is_mapped(const fs::path& file) {
  std::ifstream maps("/proc/self/maps");
  const std::string name = fs::canonical(file).string();
  for (std::string line; std::getline(maps, line);) {
    if (line.ends_with(name)) return true;
  }
  return false;
}

std::string read_bytes(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_bytes(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

std::string plugin_error(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kPlugin) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no Error was thrown";
  return "";
}

ModuleTest::ModuleTest() {
  std::string name = (fs::temp_directory_path() / "tasuki_registry_XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder " + name);
  folder_ = name;
}

ModuleTest::~ModuleTest() {
  std::error_code code;
  fs::remove_all(folder_, code);
}

fs::path ModuleTest::copy(const std::string& name, const std::string& as) const {
  const auto from = built_module(name);
  const auto to = folder_ / ((as.empty() ? name : as) + ".so");
  fs::copy_file(from, to);
  fs::copy_file(manifest_path(from), manifest_path(to));
  return to;
}

void ModuleTest::change_manifest(const fs::path& library,
                                 const std::function<void(Manifest&)>& change) {
  Manifest manifest = read_manifest(library);
  change(manifest);
  std::string text;
  google::protobuf::TextFormat::PrintToString(manifest, &text);
  write_bytes(manifest_path(library), text);
}

void ModuleTest::describe_bytes(const fs::path& library) {
  change_manifest(library, [&](Manifest& manifest) {
    manifest.set_size(fs::file_size(library));
    manifest.set_crc32(file_crc32(library));
  });
}

}  // namespace tasuki::test
