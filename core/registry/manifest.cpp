#include "tasuki/registry/manifest.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <boost/crc.hpp>
#include <fstream>
#include <vector>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tasuki/stamp.h"

namespace tasuki {
namespace {

constexpr size_t kLargestManifest = 1 << 20;

// The first mistake as ": line:column: what", where protobuf would print all of them by itself.
class FirstMistake : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (!text_.empty()) return;
    text_ = ": " + std::to_string(line + 1) + ":" + std::to_string(column + 1) + ": " + message;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

Error broken(const std::filesystem::path& library, const std::string& why) {
  return Error(ErrorKind::kPlugin, "module " + library.string() + ": " + why);
}

std::string read_text(const std::filesystem::path& library, const std::filesystem::path& file) {
  try {
    return read_file(file);
  } catch (const Error& failure) {
    throw broken(library, std::string("its manifest ") + failure.what());
  }
}

}  // namespace

std::filesystem::path manifest_path(const std::filesystem::path& library) {
  std::filesystem::path path = library;
  return path.replace_extension(".manifest.pbtxt");
}

uint32_t file_crc32(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  boost::crc_32_type crc;
  std::vector<char> chunk(1 << 16);
  while (in) {
    in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    crc.process_bytes(chunk.data(), static_cast<size_t>(in.gcount()));
  }
  return crc.checksum();
}

Manifest read_manifest(const std::filesystem::path& library) {
  const auto file = manifest_path(library);
  std::error_code code;
  if (!std::filesystem::exists(file, code)) {
    throw broken(library, "its manifest " + file.string() +
                              " is missing; build the module with tasuki_add_plugin");
  }
  Manifest manifest;
  FirstMistake mistake;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&mistake);
  if (std::filesystem::file_size(file, code) > kLargestManifest ||
      !parser.ParseFromString(read_text(library, file), &manifest)) {
    throw broken(library, "its manifest " + file.string() + " is damaged" + mistake.text() +
                              "; rebuild the module");
  }
  if (manifest.stamp() != kStamp) {
    throw broken(library, "built for another Tasuki\n  module: " + manifest.stamp() +
                              "\n  this program: " + kStamp +
                              "\nrebuild the module against this installation");
  }
  return manifest;
}

void check_library(const std::filesystem::path& library, const Manifest& manifest) {
  std::error_code code;
  const auto size = std::filesystem::file_size(library, code);
  if (code) throw broken(library, "the file can't be read: " + code.message());
  try {
    check_readable(library);
  } catch (const Error& failure) {
    throw broken(library, failure.what());
  }
  if (size != manifest.size() || file_crc32(library) != manifest.crc32()) {
    throw broken(library,
                 "the file is not the one that its manifest describes (damaged, truncated, "
                 "stripped, or replaced by hand); rebuild or reinstall it");
  }
}

}  // namespace tasuki
