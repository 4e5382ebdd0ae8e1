#include "tools/command.h"

#include <ATen/Parallel.h>

#include <cstdlib>

#include "tasuki/engine/training.h"
#include "tasuki/registry/plugin_folders.h"

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
  announce_plugins();
  for (const auto& plugin : plugins) Registry::instance().add_module(plugin);
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
  auto config = for_this_machine(load());
  at::set_num_threads(int(config.message().train().threads()));
  return config;
}

std::filesystem::path ConfigOptions::root() const {
  if (!data_root.empty()) return data_root;
  const char* environment = std::getenv("TASUKI_DATA");
  return environment != nullptr && *environment != '\0' ? environment : "data";
}

}  // namespace tasuki::tools
