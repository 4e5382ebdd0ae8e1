#include "tasuki/registry/plugin_folders.h"

#include <boost/dll/runtime_symbol_info.hpp>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <sstream>
#include <string>

#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

void announce_all() {
  auto& registry = Registry::instance();
  const std::filesystem::path library = boost::dll::this_line_location().string();
  const auto installed = library.parent_path() / TASUKI_PLUGINS_FROM_LIBRARY;
  registry.add_folder(installed.lexically_normal().string());
  const char* path = std::getenv("TASUKI_PLUGIN_PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (!folder.empty()) registry.add_folder(folder);
  }
}

}  // namespace

void announce_plugins() {
  static std::once_flag once;
  std::call_once(once, announce_all);
}

}  // namespace tasuki
