#include "tools/weighting_option.h"

#include <algorithm>

#include "tasuki/engine/weighting_choices.h"

namespace tasuki::tools {
namespace {

constexpr const char* kAll = "all";

}  // namespace

CLI::Option* add_weighting_option(CLI::App& command, std::vector<std::string>& weightings,
                                  const std::string& help) {
  return command
      .add_option("--weighting", weightings,
                  help + "; any number of them, or 'all' registered ones with their defaults")
      ->type_name("[NAME]{...}")
      ->allow_extra_args(false);
}

std::vector<std::string> asked_weightings(const ResolvedConfig& config,
                                          const std::filesystem::path& data_root,
                                          const std::vector<std::string>& asked,
                                          std::vector<std::string>& left_out) {
  if (asked == std::vector<std::string>{kAll}) return all_weightings(config, data_root, left_out);
  if (std::count(asked.begin(), asked.end(), kAll) > 0) {
    throw Error(ErrorKind::kUsage, "--weighting all stands for every one; give it once and alone");
  }
  for (const auto& weighting : asked) {
    try {
      with_weighting(config, weighting);
    } catch (const Error& error) {
      throw Error(error.kind(), std::string("--weighting ") + error.what());
    }
  }
  return asked;
}

}  // namespace tasuki::tools
