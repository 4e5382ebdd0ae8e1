#include "tools/study.h"

#include <boost/dll/runtime_symbol_info.hpp>

namespace tasuki::tools {

ProcessRunner process_runner(const ConfigOptions& options) {
  std::vector<std::string> arguments = {"--data-root", options.root().string()};
  for (const auto& plugin : options.plugin.plugins) {
    arguments.insert(arguments.end(), {"--plugin", plugin});
  }
  return {boost::dll::program_location().string(), std::move(arguments)};
}

void add_study_base(CLI::App& command, std::filesystem::path& base) {
  command
      .add_option("--base", base,
                  "Config with the plugins that trials are made with (default: "
                  "configs/_base_/study.pbtxt of this installation)")
      ->type_name("FILE");
}

}  // namespace tasuki::tools
