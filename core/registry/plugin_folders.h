#pragma once

namespace tasuki {

// Announces to Registry::instance() the modules that are installed beside this library, and those
// in the folders that the environment variable TASUKI_PLUGIN_PATH names, separated by colons. Does
// so once in a process. Error (kPlugin) for a folder that is not there.
void announce_plugins();

}  // namespace tasuki
