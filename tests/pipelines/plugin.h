#pragma once

#include <google/protobuf/text_format.h>

#include <memory>
#include <string>

#include "core/registry/registry.h"

namespace tasuki::testing {

// The plugin `name` with options in text format.
template <class Interface>
std::unique_ptr<Interface> make(const std::string& name, const std::string& options = "",
                                const typename Interface::Context& context = {}) {
  auto& registry = Registry::instance();
  std::unique_ptr<google::protobuf::Message> message(
      registry.find(name, Interface::kKind).options->New());
  if (!google::protobuf::TextFormat::ParseFromString(options, message.get())) {
    throw Error(ErrorKind::kUsage, "options of " + name + " can't be parsed: " + options);
  }
  google::protobuf::Any any;
  any.set_type_url(name);
  any.set_value(message->SerializeAsString());
  return registry.create<Interface>(any, context);
}

}  // namespace tasuki::testing
