#pragma once

#include <filesystem>
#include <string>

namespace tasuki {

// A file of configs/_base_ that this installation (or this build) came with, found from its own
// library on. What Tasuki puts into configs by itself stands in such files, so that nothing but
// them names the plugins.
std::filesystem::path base_config_file(const std::string& name);

}  // namespace tasuki
