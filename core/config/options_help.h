#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

namespace tasuki {

// What `tasuki plugins` says about one field of a plugin's options.
struct OptionHelp {
  std::string name;
  // "uint32", "enum {A, B}", "repeated float", "map<int32, string>", "message", "plugin".
  std::string type;
  // "50", "[12, 24, 36]", or in words what its absence means; "" when the .proto file says nothing.
  std::string default_text;
  // "0 to 1", "above 0 (metres)", "8, 16 or 32"; "" for every value of the type.
  std::string range;
  // What numbers count: "pixels"; "" when it isn't said.
  std::string unit;
  // Kind of plugin that an Any holds: "Decoder"; "" for any.
  std::string kind;
  bool required = false;
  // The field's comment, "" when there is none: a line for each paragraph, for each line that is
  // set in by two spaces or more, as formulas are, and for each value of an enum that has a
  // comment.
  std::string comment;
  // Fields of a message; empty for a message inside itself.
  std::vector<OptionHelp> nested;
};

// The fields of an options message, in the order of its .proto file. Comments come from
// NAME.descriptors.pb beside the module NAME.so (a FileDescriptorSet with source information);
// without that file, or with a damaged one, and for a program's own classes, there are none.
// `library` is RegistryEntry::module.
std::vector<OptionHelp> describe_options(const google::protobuf::Descriptor& options,
                                         const std::string& library);

// The comment before an options message: what the plugin is, in such lines. "" when there is none.
std::string plugin_comment(const google::protobuf::Descriptor& options, const std::string& library);

}  // namespace tasuki
