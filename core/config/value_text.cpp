#include "tasuki/config/value_text.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <boost/algorithm/string/split.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <cstdio>
#include <vector>

#include "tasuki/config/reflect.h"
#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::io::Tokenizer;

class NoMessages : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, google::protobuf::io::ColumnNumber, const std::string&) override {}
};

// Whether the tokens are one value: a bracket and what it encloses (twice for "[name] {...}"), a
// scalar with its sign, or strings side by side.
class SingleValue {
 public:
  explicit SingleValue(const std::string& text)
      : stream_(text.data(), static_cast<int>(text.size())), tokens_(&stream_, &silence_) {
    tokens_.set_comment_style(Tokenizer::SH_COMMENT_STYLE);
    tokens_.set_allow_f_after_float(true);
    tokens_.set_require_space_after_number(false);
    tokens_.Next();
  }

  bool holds(bool plugin) {
    if (plugin && is("[")) {
      bracketed();
      if (is(":")) tokens_.Next();
    }
    if (opens()) {
      bracketed();
    } else {
      scalar();
    }
    return tokens_.current().type == Tokenizer::TYPE_END;
  }

 private:
  bool is(const char* text) { return tokens_.current().text == text; }
  bool opens() { return is("[") || is("{") || is("<"); }
  bool closes() { return is("]") || is("}") || is(">"); }

  void bracketed() {
    int depth = 0;
    do {
      depth += opens() ? 1 : closes() ? -1 : 0;
    } while (tokens_.Next() && depth > 0);
  }

  void scalar() {
    if (is("-")) tokens_.Next();
    const bool string = tokens_.current().type == Tokenizer::TYPE_STRING;
    tokens_.Next();
    while (string && tokens_.current().type == Tokenizer::TYPE_STRING) tokens_.Next();
  }

  NoMessages silence_;
  google::protobuf::io::ArrayInputStream stream_;
  Tokenizer tokens_;
};

std::string quote(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    char escaped[8];
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) < ' ') {
      std::snprintf(escaped, sizeof escaped, "\\%03o", static_cast<unsigned>(c));
      quoted += escaped;
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

bool is_quoted(const std::string& text) {
  return !text.empty() && (text.front() == '"' || text.front() == '\'');
}

std::string string_text(const std::string& value) {
  return is_quoted(value) ? value : quote(value);
}

std::string string_list_text(const std::string& list) {
  const auto inner = trimmed(list.substr(1, list.size() - 2));
  if (is_quoted(inner)) return list;
  std::vector<std::string> parts;
  boost::algorithm::split(parts, inner, [](char c) { return c == ','; });
  for (auto& part : parts) part = string_text(trimmed(part));
  return "[" + join(parts) + "]";
}

bool is_list(const std::string& text) {
  return text.size() > 1 && text.front() == '[' && text.back() == ']';
}

}  // namespace

std::string trimmed(const std::string& text) {
  return boost::algorithm::trim_copy(text);
}

std::string value_text(const FieldDescriptor* field, const std::string& value,
                       const std::string& path) {
  std::string text = trimmed(value);
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    const bool list = field->is_repeated() && is_list(text);
    text = list ? string_list_text(text) : string_text(text);
  }
  require_option(!text.empty(), path, "has no value after \"=\"");
  require_option(SingleValue(text).holds(false), path,
                 "\"" + value + "\" is not one value of a " + type_text(field));
  return text;
}

std::string message_text(const FieldDescriptor* field, const std::string& value,
                         const std::string& path) {
  const std::string text = trimmed(value);
  const bool plugin = holds_any(field);
  const bool named = plugin && !text.empty() && text.front() == '[';
  const bool braced = text.size() > 1 && text.front() == '{' && text.back() == '}';
  if ((!named && !braced) || !SingleValue(text).holds(named)) {
    throw OptionError(path, "\"" + value + "\" is not " +
                                (plugin ? "a plugin, [name]{...}" : "a message, {...}"));
  }
  return named ? text : text.substr(1, text.size() - 2);
}

}  // namespace tasuki
