#pragma once

#include <google/protobuf/message.h>

#include <set>
#include <string>

namespace tasuki {

// Writes out what is absent: fields with a default get it, and messages that are always `present`
// are made, in the messages and the plugins within too. What has no one default (the option
// `absent`) stays absent, so that "was it given?" goes on having an answer there. Returns the paths
// of the fields that were set, as errors print them.
std::set<std::string> fill_defaults(google::protobuf::Message& message);

}  // namespace tasuki
