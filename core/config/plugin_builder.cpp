#include "tasuki/config/plugin_builder.h"

#include "tasuki/config/reflect.h"
#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

using google::protobuf::Any;
using google::protobuf::FieldDescriptor;

OptionError wrong_type(const FieldDescriptor* field, const std::string& given) {
  return OptionError(field->name(), "is a " + type_text(field) + ", not " + given);
}

Any named(const std::string& name) {
  Any any;
  any.set_type_url(name);
  return any;
}

}  // namespace

PluginBuilder::PluginBuilder(const std::string& name)
    : name_(name), options_(Registry::instance().unpack(named(name))) {}

const FieldDescriptor* PluginBuilder::field(const std::string& option) const {
  const auto* type = options_->GetDescriptor();
  const auto* field = type->FindFieldByName(option);
  if (field == nullptr) {
    throw OptionError(option, "is no option of " + name_ + did_you_mean(option, field_names(type)));
  }
  if (field->is_repeated()) throw OptionError(option, "is a list");
  return field;
}

PluginBuilder& PluginBuilder::set(const std::string& option, const std::string& value) {
  const auto* field = this->field(option);
  if (field->type() != FieldDescriptor::TYPE_STRING) throw wrong_type(field, "a string");
  options_->GetReflection()->SetString(options_.get(), field, value);
  return *this;
}

PluginBuilder& PluginBuilder::set(const std::string& option, uint32_t value) {
  const auto* field = this->field(option);
  if (field->type() != FieldDescriptor::TYPE_UINT32) throw wrong_type(field, "a uint32");
  options_->GetReflection()->SetUInt32(options_.get(), field, value);
  return *this;
}

PluginBuilder& PluginBuilder::set(const std::string& option, double value) {
  const auto* field = this->field(option);
  const auto* reflection = options_->GetReflection();
  if (field->type() == FieldDescriptor::TYPE_DOUBLE) {
    reflection->SetDouble(options_.get(), field, value);
  } else if (field->type() == FieldDescriptor::TYPE_FLOAT) {
    reflection->SetFloat(options_.get(), field, static_cast<float>(value));
  } else {
    throw wrong_type(field, "a floating-point number");
  }
  return *this;
}

Any PluginBuilder::any() const {
  Any any = named(name_);
  pack(any, *options_);
  return any;
}

}  // namespace tasuki
