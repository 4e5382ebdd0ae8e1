#include "tasuki/config/writer.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <vector>

#include "tasuki/config/path.h"
#include "tasuki/config/reflect.h"
#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

class Writer {
 public:
  explicit Writer(const Origins* origins = nullptr, const std::set<std::string>* defaults = nullptr)
      : origins_(origins), defaults_(defaults) {
    printer_.SetUseUtf8StringEscaping(true);
  }

  void message(const Message& message, const std::string& path) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const auto* field : fields) {
      this->field(message, field, child_path(path, field->name()));
    }
  }

  std::string take_text() { return std::move(text_); }

 private:
  void field(const Message& parent, const FieldDescriptor* field, const std::string& path) {
    const auto* reflection = parent.GetReflection();
    if (field->is_map()) {
      map(parent, field, path);
    } else if (!holds_messages(field)) {
      line(field->name() + ": " + scalars(parent, field), path);
    } else if (!field->is_repeated()) {
      block(field->name(), reflection->GetMessage(parent, field), path);
    } else {
      for (int i = 0; i < reflection->FieldSize(parent, field); ++i) {
        block(field->name(), reflection->GetRepeatedMessage(parent, field, i),
              element_path(path, element_key(parent, field, i)));
      }
    }
  }

  void block(const std::string& name, const Message& value, const std::string& path) {
    line(name + " {");
    ++depth_;
    if (is_any(value.GetDescriptor())) {
      plugin(value, path);
    } else {
      message(value, path);
    }
    --depth_;
    line("}");
  }

  void plugin(const Message& value, const std::string& path) {
    const auto options = Registry::instance().unpack(as_any(value));
    line("[" + as_any(value).type_url() + "] {", path);
    ++depth_;
    message(*options, path);
    --depth_;
    line("}");
  }

  // Entries have no order of their own; sorted, so that the same map is the same text.
  void map(const Message& parent, const FieldDescriptor* field, const std::string& path) {
    std::vector<std::string> entries;
    google::protobuf::TextFormat::Printer one_line;
    one_line.SetSingleLineMode(true);
    for (int i = 0; i < parent.GetReflection()->FieldSize(parent, field); ++i) {
      entries.emplace_back();
      one_line.PrintToString(parent.GetReflection()->GetRepeatedMessage(parent, field, i),
                             &entries.back());
    }
    std::sort(entries.begin(), entries.end());
    for (const auto& entry : entries) line(field->name() + " { " + entry + "}", path);
  }

  std::string scalars(const Message& parent, const FieldDescriptor* field) const {
    const auto print = [&](int index) {
      std::string value;
      printer_.PrintFieldValueToString(parent, field, index, &value);
      return value;
    };
    if (!field->is_repeated()) return print(-1);
    std::vector<std::string> values;
    for (int i = 0; i < parent.GetReflection()->FieldSize(parent, field); ++i) {
      values.push_back(print(i));
    }
    return "[" + join(values) + "]";
  }

  void line(const std::string& content, const std::string& path = "") {
    text_ += std::string(2 * depth_, ' ') + content;
    text_ += comment(path) + "\n";
  }

  std::string comment(const std::string& path) const {
    if (defaults_ != nullptr && defaults_->count(path) > 0) return "  # default";
    const Origin* origin = origins_ == nullptr ? nullptr : origins_->nearest(path);
    return origin == nullptr ? "" : "  # " + one_line(*origin);
  }

  // Of one line: an assignment's text may have more.
  static std::string one_line(const Origin& origin) {
    std::string text = origin.text(false);
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < ' '; }, ' ');
    return text;
  }

  const Origins* origins_;
  const std::set<std::string>* defaults_;
  google::protobuf::TextFormat::Printer printer_;
  std::string text_;
  size_t depth_ = 0;
};

}  // namespace

std::string write_text(const Message& message) {
  Writer writer;
  writer.message(message, "");
  return writer.take_text();
}

std::string write_text(const Message& message, const Origins& origins,
                       const std::set<std::string>& defaults) {
  Writer writer(&origins, &defaults);
  writer.message(message, "");
  return writer.take_text();
}

}  // namespace tasuki
