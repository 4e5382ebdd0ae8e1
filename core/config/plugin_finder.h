#pragma once

#include <google/protobuf/text_format.h>

#include <string>

namespace tasuki {

// "no Encoder is named here; write [tasuki/Name] {...}; known: ...": the problem of an Any without
// a name.
std::string missing_plugin_text(const std::string& kind);

// Lets protobuf's text parser and printer read and write `[tasuki/ResNet] {...}`: the name is
// looked up in the Registry, which loads its module, and has to be of the kind that its place
// wants. (Inside a plugin's options the parser does not say which field it is at; survey.h looks at
// the kind there.)
class PluginFinder : public google::protobuf::TextFormat::Finder {
 public:
  // `root` is what is being parsed, the value of `root_field` (nullptr for a whole config).
  PluginFinder(const google::protobuf::Message& root,
               const google::protobuf::FieldDescriptor* root_field)
      : root_(root), root_field_(root_field) {}

  const google::protobuf::Descriptor* FindAnyType(const google::protobuf::Message& any,
                                                  const std::string& prefix,
                                                  const std::string& name) const override;

  // Whether a name could not be looked up, which ends the parsing.
  bool failed() const { return !problem_.empty(); }
  // Why the last look-up failed, which is that of the value of `field`; the parser only says that
  // it did. "" where none failed.
  std::string problem(const google::protobuf::FieldDescriptor* field) const;

 private:
  const google::protobuf::Message& root_;
  const google::protobuf::FieldDescriptor* root_field_;
  mutable std::string problem_;
  mutable std::string unknown_;  // the name, where it is of no kind
};

}  // namespace tasuki
