#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "tasuki/config/config.h"

namespace tasuki::tools {

// Adds the subcommand to the program; its callback does the work and throws Error.
void add_train(CLI::App& app);
void add_eval(CLI::App& app);
void add_predict(CLI::App& app);
void add_export(CLI::App& app);
void add_complexity(CLI::App& app);
void add_config(CLI::App& app);
void add_plugins(CLI::App& app);
void add_bench(CLI::App& app);
void add_data(CLI::App& app);
void add_search(CLI::App& app);
void add_compare(CLI::App& app);
void add_tune(CLI::App& app);

// Checks of whole numbers, with messages for people.
inline const CLI::Validator kAboveZero(
    [](std::string& text) {
      const bool digits = !text.empty() && text.size() < 10 &&
                          text.find_first_not_of("0123456789") == std::string::npos;
      return digits && std::stol(text) > 0 ? std::string()
                                           : text + " is not a whole number above 0";
    },
    "ABOVE 0");

// The same of finite numbers: CLI11's own range lets NaN through.
inline CLI::Validator number_between(double least, double most) {
  return CLI::Validator(
      [least, most](std::string& text) {
        double value = 0;
        const bool number = CLI::detail::lexical_cast(text, value);
        if (number && value >= least && value <= most) return std::string();
        std::ostringstream problem;
        problem << text << " is not a number from " << least << " to " << most;
        return problem.str();
      },
      "");
}

// --plugin, which every subcommand takes.
struct PluginOptions {
  std::vector<std::string> plugins;

  void add_to(CLI::App& command);
  // Announces the first-party modules beside the program, those of TASUKI_PLUGIN_PATH (folders
  // separated by ':'), and --plugin files.
  void announce() const;
};

// CONFIG, --set, --data-root and --plugin of subcommands that read a config.
struct ConfigOptions {
  PluginOptions plugin;
  std::string file;
  std::vector<std::string> assignments;
  std::string data_root;

  void add_to(CLI::App& command);
  // The config as it is written.
  ResolvedConfig load() const;
  // With threads, device and precision fixed by this machine.
  ResolvedConfig load_for_machine() const;
  // --data-root, else TASUKI_DATA, else "data".
  std::filesystem::path root() const;
};

}  // namespace tasuki::tools
