#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tasuki/config/config.h"

namespace tasuki {

// Weightings to put in the place of a config's own, as text: "[acme/Mine]{every: 4}".

// "[tasuki/AutoLambda]{every:4}" -> "AutoLambda {every:4}", "[tasuki/PCGrad]{}" -> "PCGrad".
std::string weighting_name(const std::string& weighting);

// The config with another weighting. Error of a wrong one names it, without a place in the file.
ResolvedConfig with_weighting(const ResolvedConfig& config, const std::string& weighting);

// Every registered weighting with its defaults, by name; what cannot be made for the config so is
// left out, with its name and the reason in `left_out`.
std::vector<std::string> all_weightings(const ResolvedConfig& config,
                                        const std::filesystem::path& data_root,
                                        std::vector<std::string>& left_out);

}  // namespace tasuki
