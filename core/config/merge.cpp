#include "tasuki/config/merge.h"

#include <map>

#include "tasuki/config/path.h"
#include "tasuki/config/reflect.h"
#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

class Merger {
 public:
  explicit Merger(Origins& origins) : origins_(origins) {}

  void message(Message& base, const Message& over, const std::string& path) {
    if (is_any(base.GetDescriptor())) {
      plugin(base, over, path);
      return;
    }
    std::vector<const FieldDescriptor*> fields;
    over.GetReflection()->ListFields(over, &fields);
    for (const auto* field : fields) {
      forget_alternative(base, field, path);
      one_field(base, over, field, child_path(path, field->name()));
    }
  }

 private:
  void plugin(Message& base, const Message& over, const std::string& path) {
    if (as_any(base).type_url() != as_any(over).type_url()) {
      origins_.erase(path);
      base.CopyFrom(over);
      return;
    }
    const auto options = Registry::instance().unpack(as_any(base));
    message(*options, *Registry::instance().unpack(as_any(over)), path);
    pack(as_any(base), *options);
  }

  void one_field(Message& base, const Message& over, const FieldDescriptor* field,
                 const std::string& path) {
    const auto* reflection = base.GetReflection();
    if (is_named_list(field)) {
      named_list(base, over, field, path);
    } else if (!field->is_repeated() && holds_messages(field) &&
               reflection->HasField(base, field)) {
      message(*reflection->MutableMessage(&base, field), reflection->GetMessage(over, field), path);
    } else {
      origins_.erase(path);
      replace_field(base, over, field);
    }
  }

  void named_list(Message& base, const Message& over, const FieldDescriptor* field,
                  const std::string& path) {
    const auto* reflection = base.GetReflection();
    std::map<std::string, int> position;
    for (int i = 0; i < reflection->FieldSize(base, field); ++i) {
      position[element_key(base, field, i)] = i;
    }
    for (int i = 0; i < reflection->FieldSize(over, field); ++i) {
      const Message& element = reflection->GetRepeatedMessage(over, field, i);
      const auto key = name_of(element);
      const auto same = position.find(key);
      if (same == position.end()) {
        reflection->AddMessage(&base, field)->CopyFrom(element);
      } else {
        message(*reflection->MutableRepeatedMessage(&base, field, same->second), element,
                element_path(path, key));
      }
    }
  }

  // Setting one field of a oneof unsets the other.
  void forget_alternative(const Message& base, const FieldDescriptor* field,
                          const std::string& path) {
    const auto* oneof = field->real_containing_oneof();
    if (oneof == nullptr) return;
    const auto* set = base.GetReflection()->GetOneofFieldDescriptor(base, oneof);
    if (set != nullptr && set != field) origins_.erase(child_path(path, set->name()));
  }

  Origins& origins_;
};

}  // namespace

void merge(Layer& base, const Layer& over) {
  Merger(base.origins).message(base.config, over.config, "");
  base.origins.add(over.origins);
}

}  // namespace tasuki
