#include "tasuki/config/remove.h"

#include "tasuki/config/navigate.h"
#include "tasuki/config/reflect.h"
#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

class Remover {
 public:
  Remover(Origins& origins, std::vector<PathStep> steps)
      : origins_(origins), steps_(std::move(steps)) {}

  void run(Message& config) { descend(config, 0, ""); }

 private:
  void descend(Message& message, size_t at, const std::string& parent) {
    const auto& step = steps_[at];
    const auto* field = require_field(message, step, parent);
    const auto path = child_path(parent, step.field);
    require_set(message, field, path);
    if (at + 1 < steps_.size()) {
      go_into(message, field, at, path);
    } else if (step.key) {
      element(message, field, *step.key, path);
    } else {
      message.GetReflection()->ClearField(&message, field);
      origins_.erase(path);
    }
  }

  static void require_set(const Message& message, const FieldDescriptor* field,
                          const std::string& path) {
    const auto* reflection = message.GetReflection();
    const bool set = field->is_repeated() ? reflection->FieldSize(message, field) > 0
                                          : reflection->HasField(message, field);
    require_option(set, path, "is not set by any base, so it can't be removed");
  }

  void go_into(Message& message, const FieldDescriptor* field, size_t at, const std::string& list) {
    const auto& step = steps_[at];
    require_message(field, step, list);
    const auto* reflection = message.GetReflection();
    const auto path = step.key ? element_path(list, *step.key) : list;
    Message* inner = step.key
                         ? reflection->MutableRepeatedMessage(
                               &message, field, require_element(message, field, *step.key, list))
                         : reflection->MutableMessage(&message, field);
    change_message(*inner, path, [&](Message& next) { descend(next, at + 1, path); });
  }

  void element(Message& message, const FieldDescriptor* field, const std::string& key,
               const std::string& list) {
    require_option(!field->is_map(), list, "is a map, which is set or removed as a whole");
    const int index = require_element(message, field, key, list);
    const auto* reflection = message.GetReflection();
    const int last = reflection->FieldSize(message, field) - 1;
    origins_.erase(element_path(list, key));
    for (int i = index; i < last; ++i) {
      reflection->SwapElements(&message, field, i, i + 1);
      if (is_named_list(field)) continue;
      origins_.move(element_path(list, std::to_string(i + 1)),
                    element_path(list, std::to_string(i)));
    }
    reflection->RemoveLast(&message, field);
  }

  Origins& origins_;
  std::vector<PathStep> steps_;
};

}  // namespace

void remove_path(Layer& layer, const std::string& path) {
  Remover(layer.origins, parse_path(path)).run(layer.config);
}

}  // namespace tasuki
