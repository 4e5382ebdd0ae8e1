#include "tasuki/config/survey.h"

#include <set>

#include "tasuki/config/field_schema.h"
#include "tasuki/config/path.h"
#include "tasuki/config/plugin_finder.h"
#include "tasuki/config/reflect.h"
#include "tasuki/config/utf8.h"
#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

using google::protobuf::Any;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Tree = google::protobuf::TextFormat::ParseInfoTree;

class Surveyor {
 public:
  explicit Surveyor(const TextSource& source) : source_(source) {}

  // `tree` may be nullptr: the text says nothing about what is inside.
  void message(Message& message, const Tree* tree, const std::string& path,
               const FieldDescriptor* holder) {
    if (is_any(message.GetDescriptor())) {
      plugin(as_any(message), tree, path, holder);
      return;
    }
    const auto* type = message.GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      field(message, type->field(i), tree, child_path(path, type->field(i)->name()));
    }
  }

  Origins take_origins() { return std::move(origins_); }

 private:
  [[noreturn]] void fail(const std::string& path, const std::string& problem) const {
    const Origin* origin = origins_.nearest(path);
    throw Error(ErrorKind::kUsage,
                (origin == nullptr ? source_.name : origin->text()) + ": " + path + ": " + problem);
  }

  // Notes where an element was set (index -1: a singular field); false when the text doesn't.
  bool note(const Tree* tree, const FieldDescriptor* field, int index, const std::string& path) {
    if (tree == nullptr) return false;
    const auto location = tree->GetLocation(field, index);
    if (location.line < 0) return false;
    origins_.set(path, origin_at(source_, location.line, location.column));
    return true;
  }

  void field(Message& parent, const FieldDescriptor* field, const Tree* tree,
             const std::string& path) {
    if (field->is_repeated()) {
      note(tree, field, 0, path);
      if (!field->is_map()) list(parent, field, tree, path);
      return;
    }
    note(tree, field, -1, path);
    const auto* reflection = parent.GetReflection();
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      string(field, reflection->GetString(parent, field), path);
    } else if (holds_messages(field) && reflection->HasField(parent, field)) {
      message(*reflection->MutableMessage(&parent, field), nested(tree, field, -1), path, field);
    }
  }

  void list(Message& parent, const FieldDescriptor* field, const Tree* tree,
            const std::string& path) {
    const auto* reflection = parent.GetReflection();
    std::set<std::string> names;
    for (int i = 0; i < reflection->FieldSize(parent, field); ++i) {
      note(tree, field, i, element_path(path, std::to_string(i)));
      if (is_named_list(field)) check_name(parent, field, i, path, names);
      const auto element = element_path(path, element_key(parent, field, i));
      note(tree, field, i, element);
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        string(field, reflection->GetRepeatedString(parent, field, i), element);
      } else if (holds_messages(field)) {
        message(*reflection->MutableRepeatedMessage(&parent, field, i), nested(tree, field, i),
                element, field);
      }
    }
  }

  void check_name(const Message& parent, const FieldDescriptor* field, int index,
                  const std::string& path, std::set<std::string>& names) {
    const auto place = element_path(path, std::to_string(index));
    const auto name = element_key(parent, field, index);
    if (name.empty()) fail(place, "has no name; elements of this list are told apart by name");
    if (const auto problem = name_problem(name); !problem.empty()) fail(place, problem);
    if (!names.insert(name).second) {
      fail(place, "the name \"" + name + "\" is given twice in one text");
    }
    origins_.erase(place);
  }

  void string(const FieldDescriptor* field, const std::string& value, const std::string& path) {
    if (field->type() == FieldDescriptor::TYPE_STRING && !is_plain_utf8(value)) {
      fail(path, "is not UTF-8 text (or has a NUL byte)");
    }
  }

  void plugin(Any& any, const Tree* tree, const std::string& path, const FieldDescriptor* holder) {
    const auto* type = any.GetDescriptor();
    const bool raw = tree != nullptr && (tree->GetLocation(type->field(0), -1).line >= 0 ||
                                         tree->GetLocation(type->field(1), -1).line >= 0);
    if (raw) fail(path, "write a plugin as [name] {...}, not by type_url and value");
    if (any.type_url().empty()) fail(path, missing_plugin_text(plugin_kind(holder)));
    check_kind(any, path, holder);
    std::unique_ptr<Message> options;
    try {
      options = Registry::instance().unpack(any);
    } catch (const Error&) {
      fail(path, "its options hold text that is not UTF-8");
    }
    message(*options, tree, path, nullptr);
    pack(any, *options);
  }

  void check_kind(const Any& any, const std::string& path, const FieldDescriptor* holder) const {
    try {
      Registry::instance().find(any.type_url(), plugin_kind(holder));
    } catch (const Error& failure) {
      fail(path, failure.what());
    }
  }

  static const Tree* nested(const Tree* tree, const FieldDescriptor* field, int index) {
    return tree == nullptr ? nullptr : tree->GetTreeForNested(field, index);
  }

  const TextSource& source_;
  Origins origins_;
};

}  // namespace

Origin origin_at(const TextSource& source, int line, int column) {
  if (!source.located) return {source.name, 0, 0};
  return {source.name, line + 1, column + 1};
}

Origins survey(const TextSource& source, Message& message, const Tree& tree) {
  Surveyor surveyor(source);
  surveyor.message(message, &tree, source.path, source.field);
  return surveyor.take_origins();
}

}  // namespace tasuki
