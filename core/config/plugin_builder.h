#pragma once

#include <google/protobuf/any.pb.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

namespace tasuki {

// A value of an option: a string or the name of an enum's value, a number, true or false, a plugin.
using PluginValue = std::variant<std::string, uint32_t, double, bool, google::protobuf::Any>;

// Makes a plugin of a config by the names of its options, in a program that does not know their C++
// type:
//
// Example:
//   *config.mutable_train()->mutable_optimizer() =
//       PluginBuilder("tasuki/SGD").set("lr", 0.1).set("nesterov", true).any();
//   *task.mutable_decoder() =
//       PluginBuilder("tasuki/DeepLabHead").add("rates", 2u).add("rates", 4u).any();
//
// An option that is not there, or is of another type, is an OptionError of its name.
class PluginBuilder {
 public:
  // Error (kPlugin) where no plugin has this name.
  explicit PluginBuilder(const std::string& name);

  // Of a field that is no list.
  PluginBuilder& set(const std::string& option, const PluginValue& value);
  // One more element of a list.
  PluginBuilder& add(const std::string& option, const PluginValue& value);

  google::protobuf::Any any() const;

 private:
  const google::protobuf::FieldDescriptor* field(const std::string& option, bool list) const;

  std::string name_;
  std::unique_ptr<google::protobuf::Message> options_;
};

}  // namespace tasuki
