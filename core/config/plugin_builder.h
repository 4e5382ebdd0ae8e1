#pragma once

#include <google/protobuf/any.pb.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <memory>
#include <string>

namespace tasuki {

// Makes a plugin of a config by the names of its options, in a program that does not know their C++
// type:
//
// Example:
//   *config.mutable_train()->mutable_optimizer() =
//       PluginBuilder("tasuki/SGD").set("lr", 0.1).set("momentum", 0.9).any();
//
// Setting an option that is not there, or is of another type, is an OptionError of its name.
class PluginBuilder {
 public:
  // Error (kPlugin) where no plugin has this name.
  explicit PluginBuilder(const std::string& name);

  // Of string, uint32, double and float fields that are no lists.
  PluginBuilder& set(const std::string& option, const std::string& value);
  PluginBuilder& set(const std::string& option, uint32_t value);
  PluginBuilder& set(const std::string& option, double value);

  google::protobuf::Any any() const;

 private:
  const google::protobuf::FieldDescriptor* field(const std::string& option) const;

  std::string name_;
  std::unique_ptr<google::protobuf::Message> options_;
};

}  // namespace tasuki
