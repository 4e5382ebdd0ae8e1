#include "tasuki/config/assign.h"

#include "tasuki/config/diagnosis.h"
#include "tasuki/config/navigate.h"
#include "tasuki/config/parse.h"
#include "tasuki/config/reflect.h"
#include "tasuki/config/value_text.h"
#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Where the path ends: the first "=" outside of brackets.
size_t equals_sign(const std::string& assignment) {
  bool bracket = false;
  for (size_t i = 0; i < assignment.size(); ++i) {
    if (assignment[i] == '[') bracket = true;
    if (assignment[i] == ']') bracket = false;
    if (assignment[i] == '=' && !bracket) return i;
  }
  throw OptionError(assignment, "is not path=value");
}

bool is_number(const std::string& key) {
  return key.find_first_not_of("0123456789") == std::string::npos;
}

class Assignment {
 public:
  Assignment(Origins& origins, const std::string& text) : origins_(origins), text_(text) {}

  void run(Message& config) {
    const size_t cut = equals_sign(text_);
    const auto path = trimmed(text_.substr(0, cut));
    value_ = text_.substr(cut + 1);
    steps_ = parse_path(path);
    require_option(steps_[0].field != "base" && steps_[0].field != "remove", path,
                   "can only stand in a file");
    descend(config, 0, "");
  }

 private:
  Origin origin() const { return {"--set " + text_, 0, 0}; }

  void descend(Message& message, size_t at, const std::string& parent) {
    const auto& step = steps_[at];
    const auto* field = require_field(message, step, parent);
    const auto path = child_path(parent, step.field);
    forget_alternatives(field, parent);
    if (at + 1 < steps_.size()) {
      go_into(message, field, at, path);
    } else if (step.key) {
      set_element(message, field, *step.key, path);
    } else if (holds_messages(field) && !field->is_repeated()) {
      set_message(*message.GetReflection()->MutableMessage(&message, field), field, path);
    } else {
      set_field(message, field, parent, path);
    }
  }

  void go_into(Message& message, const FieldDescriptor* field, size_t at, const std::string& list) {
    const auto& step = steps_[at];
    require_message(field, step, list);
    if (!step.key) {
      enter(*message.GetReflection()->MutableMessage(&message, field), at, list);
      return;
    }
    const auto path = element_path(list, *step.key);
    Message& element = require_or_add(message, field, *step.key, list);
    enter(element, at, path);
    check_name(element, field, *step.key, path);
  }

  void enter(Message& message, size_t at, const std::string& path) {
    go_down(is_any(message.GetDescriptor()) ? 2 : 1, path);
    change_message(message, path, [&](Message& next) { descend(next, at + 1, path); });
  }

  // Counts the braces that a text would need; a plugin's options have their own inside the field's.
  void go_down(int braces, const std::string& path) {
    depth_ += braces;
    require_option(depth_ <= kDeepestNesting, path, too_deep_text());
  }

  // A named list grows by an element for a new name; a number is taken for a mistake there.
  Message& require_or_add(Message& message, const FieldDescriptor* field, const std::string& key,
                          const std::string& list) {
    const auto* reflection = message.GetReflection();
    const bool grows = is_named_list(field) && !is_number(key);
    const int index =
        grows ? find_element(message, field, key) : require_element(message, field, key, list);
    if (index >= 0) return *reflection->MutableRepeatedMessage(&message, field, index);
    const auto problem = name_problem(key);
    require_option(problem.empty(), element_path(list, key), problem);
    Message& element = *reflection->AddMessage(&message, field);
    element.GetReflection()->SetString(&element, name_field(field->message_type()), key);
    origins_.set(element_path(list, key), origin());
    origins_.set(child_path(element_path(list, key), "name"), origin());
    return element;
  }

  static void check_name(Message& element, const FieldDescriptor* field, const std::string& key,
                         const std::string& path) {
    if (!is_named_list(field)) return;
    require_option(name_of(element) == key, child_path(path, "name"),
                   "is what the element is found by and can't be changed");
  }

  void set_element(Message& message, const FieldDescriptor* field, const std::string& key,
                   const std::string& list) {
    require_option(!field->is_map(), list, "is a map, which is set or removed as a whole");
    const auto path = element_path(list, key);
    if (!holds_messages(field)) {
      set_scalar_element(message, field, require_element(message, field, key, list), path);
      return;
    }
    Message& element = require_or_add(message, field, key, list);
    set_message(element, field, path);
    if (!is_named_list(field)) return;
    const auto* name = name_field(field->message_type());
    if (name_of(element).empty()) element.GetReflection()->SetString(&element, name, key);
    check_name(element, field, key, path);
  }

  void set_message(Message& message, const FieldDescriptor* field, const std::string& path) {
    go_down(1, path);
    std::unique_ptr<Message> fresh(message.New());
    take_over(source(message_text(field, value_, path), path, field), *fresh, path);
    message.CopyFrom(*fresh);
    origins_.set(path, origin());
  }

  // A scalar or a whole list, parsed as the only field of a message of the parent's type.
  void set_field(Message& message, const FieldDescriptor* field, const std::string& parent,
                 const std::string& path) {
    if (field->is_repeated() && trimmed(value_) == "[]") {
      message.GetReflection()->ClearField(&message, field);
      origins_.erase(path);
      return;
    }
    std::unique_ptr<Message> fresh(message.New());
    const auto text = field->name() + ": " + value_text(field, value_, path);
    take_over(source(text, parent, nullptr), *fresh, path);
    replace_field(message, *fresh, field);
  }

  void set_scalar_element(Message& message, const FieldDescriptor* field, int index,
                          const std::string& path) {
    require_option(trimmed(value_).substr(0, 1) != "[", path, "is one element, not a list");
    std::unique_ptr<Message> list(message.New()), fresh(message.New());
    const auto text = field->name() + ": " + value_text(field, value_, path);
    parse_text(source(text, parent_path(parent_path(path)), nullptr), *fresh);
    replace_field(*list, message, field);
    list->MergeFrom(*fresh);
    const auto* reflection = list->GetReflection();
    reflection->SwapElements(list.get(), field, index, reflection->FieldSize(*list, field) - 1);
    reflection->RemoveLast(list.get(), field);
    replace_field(message, *list, field);
    origins_.set(path, origin());
  }

  TextSource source(const std::string& text, const std::string& place,
                    const FieldDescriptor* field) const {
    return {text, origin().file, false, place, field, depth_};
  }

  // Parses `into`, and replaces the origins at `path` by those of what is parsed.
  void take_over(const TextSource& source, Message& into, const std::string& path) {
    const auto origins = parse_text(source, into);
    origins_.erase(path);
    origins_.add(origins);
  }

  // Setting one field of a oneof unsets the others.
  void forget_alternatives(const FieldDescriptor* field, const std::string& parent) {
    const auto* oneof = field->real_containing_oneof();
    for (int i = 0; oneof != nullptr && i < oneof->field_count(); ++i) {
      if (oneof->field(i) != field) origins_.erase(child_path(parent, oneof->field(i)->name()));
    }
  }

  Origins& origins_;
  const std::string& text_;
  std::string value_;
  std::vector<PathStep> steps_;
  int depth_ = 0;  // of messages around what is being set
};

}  // namespace

void assign(Layer& layer, const std::string& assignment) {
  try {
    Assignment(layer.origins, assignment).run(layer.config);
  } catch (const OptionError& wrong) {
    throw wrong.within("--set " + assignment);
  }
}

}  // namespace tasuki
