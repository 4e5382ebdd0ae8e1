#pragma once

#include <google/protobuf/text_format.h>

#include <memory>
#include <string>

#include "tasuki/registry/registry.h"

namespace tasuki::testing {

// Finds the options of a plugin inside of another's, as a config does.
class OptionsFinder : public google::protobuf::TextFormat::Finder {
 public:
  const google::protobuf::Descriptor* FindAnyType(const google::protobuf::Message&,
                                                  const std::string& prefix,
                                                  const std::string& name) const override {
    return Registry::instance().find(prefix + name).options->GetDescriptor();
  }
};

// The plugin `name` with options in text format.
template <class Interface>
std::unique_ptr<Interface> make(const std::string& name, const std::string& options = "",
                                const typename Interface::Context& context = {}) {
  auto& registry = Registry::instance();
  std::unique_ptr<google::protobuf::Message> message(
      registry.find(name, Interface::kKind).options->New());
  const OptionsFinder finder;
  google::protobuf::TextFormat::Parser parser;
  parser.SetFinder(&finder);
  if (!parser.ParseFromString(options, message.get())) {
    throw Error(ErrorKind::kUsage, "options of " + name + " can't be parsed: " + options);
  }
  google::protobuf::Any any;
  any.set_type_url(name);
  any.set_value(message->SerializeAsString());
  return registry.create<Interface>(any, context);
}

}  // namespace tasuki::testing
