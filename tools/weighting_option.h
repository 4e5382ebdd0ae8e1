#pragma once

#include "tools/command.h"

namespace tasuki::tools {

// Adds `--weighting [NAME]{...}`, any number of times, or `--weighting all`.
CLI::Option* add_weighting_option(CLI::App& command, std::vector<std::string>& weightings,
                                  const std::string& help);

// The weightings that were asked for, each checked against the config; 'all': every registered one,
// with its reason in `left_out` what cannot be made for the config. Error names --weighting.
std::vector<std::string> asked_weightings(const ResolvedConfig& config,
                                          const std::filesystem::path& data_root,
                                          const std::vector<std::string>& asked,
                                          std::vector<std::string>& left_out);

}  // namespace tasuki::tools
