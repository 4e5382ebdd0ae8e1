#pragma once

#include <google/protobuf/message.h>

#include <functional>
#include <string>

#include "tasuki/config/path.h"

namespace tasuki {

// Going down a path in a config, through plugins' options too. Every failure is an OptionError
// whose field is the path as far as it was followed.

// The field that a step names, of the message found at `parent`.
const google::protobuf::FieldDescriptor* require_field(const google::protobuf::Message& message,
                                                       const PathStep& step,
                                                       const std::string& parent);

// Position of the element that a step's key names; `path` is the list's.
int require_element(const google::protobuf::Message& message,
                    const google::protobuf::FieldDescriptor* field, const std::string& key,
                    const std::string& path);

// OptionError unless `field` can be gone into: it holds messages, and has a key where it is a list.
void require_message(const google::protobuf::FieldDescriptor* field, const PathStep& step,
                     const std::string& path);

// Calls `change` with a message, or with the options of the plugin that the message is, which are
// stored again afterwards.
void change_message(google::protobuf::Message& message, const std::string& path,
                    const std::function<void(google::protobuf::Message&)>& change);

}  // namespace tasuki
