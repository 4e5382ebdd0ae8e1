#include "tasuki/config/plugin_builder.h"

#include "tasuki/config/reflect.h"
#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

using google::protobuf::Any;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

Any named(const std::string& name) {
  Any any;
  any.set_type_url(name);
  return any;
}

// Sets a field, or adds to the list that it is, by the type of the value.
class ValueSetter {
 public:
  ValueSetter(Message& options, const FieldDescriptor* field)
      : options_(options), field_(field), reflection_(*options.GetReflection()) {}

  void operator()(const std::string& value) const {
    if (field_->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return set_enum(value);
    require(field_->type() == FieldDescriptor::TYPE_STRING, "a string");
    list() ? reflection_.AddString(&options_, field_, value)
           : reflection_.SetString(&options_, field_, value);
  }

  void operator()(uint32_t value) const {
    require(field_->type() == FieldDescriptor::TYPE_UINT32, "a uint32");
    list() ? reflection_.AddUInt32(&options_, field_, value)
           : reflection_.SetUInt32(&options_, field_, value);
  }

  void operator()(double value) const {
    if (field_->type() == FieldDescriptor::TYPE_FLOAT) {
      const auto number = static_cast<float>(value);
      list() ? reflection_.AddFloat(&options_, field_, number)
             : reflection_.SetFloat(&options_, field_, number);
      return;
    }
    require(field_->type() == FieldDescriptor::TYPE_DOUBLE, "a floating-point number");
    list() ? reflection_.AddDouble(&options_, field_, value)
           : reflection_.SetDouble(&options_, field_, value);
  }

  void operator()(bool value) const {
    require(field_->type() == FieldDescriptor::TYPE_BOOL, "true or false");
    list() ? reflection_.AddBool(&options_, field_, value)
           : reflection_.SetBool(&options_, field_, value);
  }

  void operator()(const Any& value) const {
    require(holds_any(field_), "a plugin");
    auto* held = list() ? reflection_.AddMessage(&options_, field_)
                        : reflection_.MutableMessage(&options_, field_);
    held->CopyFrom(value);
  }

 private:
  bool list() const { return field_->is_repeated(); }

  void require(bool fits, const std::string& given) const {
    require_option(fits, field_->name(), "is a " + type_text(field_) + ", not " + given);
  }

  void set_enum(const std::string& name) const {
    const auto* value = field_->enum_type()->FindValueByName(name);
    require(value != nullptr, name);
    list() ? reflection_.AddEnum(&options_, field_, value)
           : reflection_.SetEnum(&options_, field_, value);
  }

  Message& options_;
  const FieldDescriptor* field_;
  const google::protobuf::Reflection& reflection_;
};

}  // namespace

PluginBuilder::PluginBuilder(const std::string& name)
    : name_(name), options_(Registry::instance().unpack(named(name))) {}

const FieldDescriptor* PluginBuilder::field(const std::string& option, bool list) const {
  const auto* type = options_->GetDescriptor();
  const auto* field = type->FindFieldByName(option);
  if (field == nullptr) {
    throw OptionError(option, "is no option of " + name_ + did_you_mean(option, field_names(type)));
  }
  require_option(field->is_repeated() == list, option, list ? "is no list" : "is a list");
  return field;
}

PluginBuilder& PluginBuilder::set(const std::string& option, const PluginValue& value) {
  std::visit(ValueSetter(*options_, field(option, false)), value);
  return *this;
}

PluginBuilder& PluginBuilder::add(const std::string& option, const PluginValue& value) {
  std::visit(ValueSetter(*options_, field(option, true)), value);
  return *this;
}

Any PluginBuilder::any() const {
  Any any = named(name_);
  pack(any, *options_);
  return any;
}

}  // namespace tasuki
