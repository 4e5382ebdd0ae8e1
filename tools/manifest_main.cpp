// tasuki_manifest MODULE.so --stamp TEXT [--proto NAME]...: writes the manifest of a plugin module.
// Part of tasuki_add_plugin; nobody needs to call it by hand.
#include <google/protobuf/text_format.h>

#include <CLI/CLI.hpp>
#include <boost/dll/shared_library.hpp>
#include <filesystem>
#include <iostream>

#include "tasuki/io/files.h"
#include "tasuki/registry/manifest.h"
#include "tasuki/registry/registry.h"

namespace {

tasuki::Manifest describe(const std::string& library, const std::string& stamp,
                          const std::vector<std::string>& protos) {
  const boost::dll::shared_library module(library, boost::dll::load_mode::rtld_now);
  tasuki::Manifest manifest;
  manifest.set_stamp(stamp);
  manifest.set_size(std::filesystem::file_size(library));
  manifest.set_crc32(tasuki::file_crc32(library));
  for (const auto& entry : tasuki::Registry::take_announced()) {
    auto* described = manifest.add_entry();
    described->set_kind(entry.kind);
    described->set_name(entry.name);
  }
  for (const auto& proto : protos) manifest.add_proto_file(proto);
  return manifest;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Writes the manifest of a plugin module");
  std::string library, stamp;
  std::vector<std::string> protos;
  app.add_option("module", library)->required();
  app.add_option("--stamp", stamp)->required();
  app.add_option("--proto", protos);
  CLI11_PARSE(app, argc, argv);
  try {
    std::string text;
    google::protobuf::TextFormat::PrintToString(describe(library, stamp, protos), &text);
    tasuki::write_file_atomically(tasuki::manifest_path(library), text);
  } catch (const std::exception& failure) {
    std::cerr << "tasuki_manifest: " << library << ": " << failure.what() << "\n";
    return 1;
  }
  return 0;
}
