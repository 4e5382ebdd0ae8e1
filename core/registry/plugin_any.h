#pragma once

#include <google/protobuf/any.pb.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tasuki {

// A number, true or false, or the name of an enum's value.
using OptionValue = std::variant<double, bool, const char*>;

// What [name] { option: value ... } in a config stands for, for plugins that name others of whose
// options they have no C++ class. Error (kPlugin) for an unknown name, and for an option that is
// not there or of another type.
google::protobuf::Any plugin_any(
    const std::string& name, const std::vector<std::pair<const char*, OptionValue>>& options = {});

}  // namespace tasuki
