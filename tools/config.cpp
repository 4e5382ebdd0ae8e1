#include <iostream>

#include "tools/command.h"

namespace tasuki::tools {

void add_config(CLI::App& app) {
  auto options = std::make_shared<ConfigOptions>();
  auto origin = std::make_shared<bool>(false), given = std::make_shared<bool>(false);
  auto* command = app.add_subcommand("config",
                                     "Print a config as resolved: bases merged, --set applied, "
                                     "every default written out");
  options->add_to(*command);
  command->add_flag("--origin", *origin, "Say which file and line set each field");
  command->add_flag("--given", *given, "Leave out what is set by no file and no --set");
  command->footer("Example: tasuki config configs/rooms/quickstart.pbtxt --origin");
  command->callback([options, origin, given] {
    const auto config = options->load();
    std::cout << (*given ? config.given_text(*origin) : config.text(*origin));
  });
}

}  // namespace tasuki::tools
