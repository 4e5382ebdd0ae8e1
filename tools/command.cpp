#include "tools/command.h"

#include <boost/dll/runtime_symbol_info.hpp>
#include <cstdlib>
#include <sstream>

#include "core/engine/training.h"

namespace tasuki::tools {

void PluginOptions::add_to(CLI::App& command) {
  command
      .add_option("--plugin", plugins,
                  "A plugin module (.so) to load beside the first-party ones; TASUKI_PLUGIN_PATH "
                  "names folders of them")
      ->type_name("FILE")
      ->allow_extra_args(false);
}

void PluginOptions::announce() const {
  auto& registry = Registry::instance();
  const auto program = boost::dll::program_location().parent_path();
  registry.add_folder((program / TASUKI_PLUGINS_FROM_PROGRAM).lexically_normal().string());
  const char* path = std::getenv("TASUKI_PLUGIN_PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (!folder.empty()) registry.add_folder(folder);
  }
  for (const auto& plugin : plugins) registry.add_module(plugin);
}

void ConfigOptions::add_to(CLI::App& command) {
  command.add_option("CONFIG", file, "Config file (.pbtxt)")->required();
  command
      .add_option("--set", assignments,
                  "Set one field over the config: --set train.epochs=3 --set "
                  "'model.encoder=[tasuki/ResNet]{depth:18}'")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
  command
      .add_option("--data-root", data_root,
                  "Folder that data sets lie under (default: TASUKI_DATA, or data/)")
      ->type_name("DIR");
  plugin.add_to(command);
}

ResolvedConfig ConfigOptions::load() const {
  plugin.announce();
  return load_config(file, assignments);
}

ResolvedConfig ConfigOptions::load_for_machine() const {
  return for_this_machine(load());
}

std::filesystem::path ConfigOptions::root() const {
  if (!data_root.empty()) return data_root;
  const char* environment = std::getenv("TASUKI_DATA");
  return environment != nullptr && *environment != '\0' ? environment : "data";
}

}  // namespace tasuki::tools
