#include <iostream>

#include "tools/command.h"

namespace tasuki::tools {

void add_config(CLI::App& app) {
  auto options = std::make_shared<ConfigOptions>();
  auto origin = std::make_shared<bool>(false);
  auto* command =
      app.add_subcommand("config", "Print a config as resolved: bases merged, --set applied");
  options->add_to(*command);
  command->add_flag("--origin", *origin, "Say which file and line set each field");
  command->footer("Example: tasuki config configs/rooms/quickstart.pbtxt --origin");
  command->callback([options, origin] { std::cout << options->load().text(*origin); });
}

}  // namespace tasuki::tools
