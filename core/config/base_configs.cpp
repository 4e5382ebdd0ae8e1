#include "tasuki/config/base_configs.h"

#include <boost/dll/runtime_symbol_info.hpp>

namespace tasuki {

std::filesystem::path base_config_file(const std::string& name) {
  const std::filesystem::path library = boost::dll::this_line_location().string();
  return (library.parent_path() / TASUKI_BASE_CONFIGS_FROM_LIBRARY / name).lexically_normal();
}

}  // namespace tasuki
