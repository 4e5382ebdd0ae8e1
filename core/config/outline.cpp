#include "tasuki/config/outline.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "tasuki/config/path.h"
#include "tasuki/config/reflect.h"
#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::io::ArrayInputStream;
using google::protobuf::io::Tokenizer;

constexpr int kDeepest = 100;

class Silence : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, google::protobuf::io::ColumnNumber, const std::string&) override {}
};

class Scanner {
 public:
  explicit Scanner(const std::string& text)
      : stream_(text.data(), static_cast<int>(text.size())), tokens_(&stream_, &silence_) {
    tokens_.set_comment_style(Tokenizer::SH_COMMENT_STYLE);
    tokens_.set_allow_f_after_float(true);
    tokens_.set_require_space_after_number(false);
    tokens_.Next();
  }

  // The fields of a message, up to its closing bracket or the end of the text.
  void fields(OutlineNode& parent, int depth) {
    while (!at_end() && !closes()) {
      if (is(",") || is(";")) {
        tokens_.Next();
      } else {
        field(parent, depth);
      }
    }
    parent.end = here();
    parent.unfinished = at_end();
  }

 private:
  bool is(const char* text) { return tokens_.current().text == text; }
  bool at_end() { return tokens_.current().type == Tokenizer::TYPE_END; }
  bool closes() { return is("}") || is(">") || is("]"); }
  Position here() { return {tokens_.current().line, tokens_.current().column}; }

  void field(OutlineNode& parent, int depth) {
    OutlineNode node;
    node.begin = here();
    node.field = field_name();
    if (is(":")) tokens_.Next();
    if (is("[")) {
      list(parent, node, depth);
    } else {
      value(parent, node, depth);
    }
  }

  // A name, or what stands between "[" and "]" with both.
  std::string field_name() {
    std::string name = tokens_.current().text;
    const bool plugin = is("[");
    tokens_.Next();
    while (plugin && !at_end() && name.back() != ']') {
      name += tokens_.current().text;
      tokens_.Next();
    }
    return name;
  }

  // Elements of "[a, b]" are fields of their own that begin where the list's field does.
  void list(OutlineNode& parent, const OutlineNode& opened, int depth) {
    tokens_.Next();
    const size_t before = parent.children.size();
    while (!at_end() && !closes()) {
      OutlineNode element = opened;
      value(parent, element, depth);
      if (is(",")) tokens_.Next();
    }
    if (parent.children.size() == before) {
      parent.children.push_back(opened);
      parent.children.back().empty_list = true;
    }
    parent.children.back().end = here();
    if (is("]")) tokens_.Next();
  }

  void value(OutlineNode& parent, OutlineNode& node, int depth) {
    if (is("{") || is("<")) {
      node.message = true;
      tokens_.Next();
      if (depth < kDeepest) fields(node, depth + 1);
      if (closes()) tokens_.Next();
    } else {
      scalar(parent, node);
    }
    node.after = here();
    parent.children.push_back(std::move(node));
  }

  void scalar(OutlineNode& parent, OutlineNode& node) {
    node.end = here();
    if (is("-")) {
      node.value = "-";
      tokens_.Next();
    }
    if (at_end() || closes()) return;
    node.value += tokens_.current().text;
    node.end = {tokens_.current().line, tokens_.current().end_column};
    std::string text;
    if (tokens_.current().type != Tokenizer::TYPE_STRING) {
      tokens_.Next();
      return;
    }
    for (; tokens_.current().type == Tokenizer::TYPE_STRING; tokens_.Next()) {
      Tokenizer::ParseStringAppend(tokens_.current().text, &text);
    }
    if (node.field == "name") parent.name = text;
  }

  Silence silence_;
  ArrayInputStream stream_;
  Tokenizer tokens_;
};

const google::protobuf::Descriptor* plugin_type(const std::string& bracketed) {
  try {
    const auto name = bracketed.substr(1, bracketed.size() - 2);
    return Registry::instance().find(name).options->GetDescriptor();
  } catch (const Error&) {
    return nullptr;  // the unknown name is the very mistake that is being placed
  }
}

// Element of a list: its name where the list has names, else how many came before.
std::string key_of(const OutlineNode& parent, const OutlineNode& node,
                   const google::protobuf::FieldDescriptor* field) {
  if (is_named_list(field) && !node.name.empty()) return node.name;
  const auto same = [&](const OutlineNode& other) { return other.field == node.field; };
  return std::to_string(std::count_if(parent.children.data(), &node, same));
}

// Goes down one field; the type of what is inside it, nullptr when unknown.
const google::protobuf::Descriptor* step_into(Place& place, const OutlineNode& parent,
                                              const OutlineNode& node,
                                              const google::protobuf::Descriptor* type) {
  place.begin = node.begin;
  if (node.field.front() == '[') return plugin_type(node.field);
  place.parent = type;
  place.field = type == nullptr ? nullptr : type->FindFieldByName(node.field);
  place.path = child_path(place.path, node.field);
  if (place.field == nullptr || !holds_messages(place.field)) return nullptr;
  if (place.field->is_repeated()) {
    place.path = element_path(place.path, key_of(parent, node, place.field));
  }
  return place.field->message_type();
}

bool is_enum_value(const FieldDescriptor* field, const std::string& value) {
  const auto* type = field->enum_type();
  if (type->FindValueByName(value) != nullptr) return true;
  int number = 0;
  const char* end = value.data() + value.size();
  const auto [stop, code] = std::from_chars(value.data(), end, number);
  // What is neither a name nor a number is for the parser to complain of.
  const bool letters = !value.empty() &&
                       (std::isalpha(static_cast<unsigned char>(value[0])) != 0 || value[0] == '_');
  if (code != std::errc() || stop != end) return !letters;
  return type->FindValueByNumber(number) != nullptr;
}

// The type of what is inside a field's braces, nullptr when unknown.
const google::protobuf::Descriptor* type_inside(const OutlineNode& node,
                                                const google::protobuf::Descriptor* type) {
  if (node.field.front() == '[') return plugin_type(node.field);
  const auto* field = type == nullptr ? nullptr : type->FindFieldByName(node.field);
  return field == nullptr || !holds_messages(field) ? nullptr : field->message_type();
}

// The fields of one message that came before.
struct SeenFields {
  std::map<std::string, Position> names;
  std::set<const google::protobuf::OneofDescriptor*> alternatives;
  bool plugin = false;
};

class FaultFinder {
 public:
  FaultFinder(Position stop, int deepest) : stop_(stop), deepest_(deepest) {}

  // Fills `chain` with the node that has the fault and those around it, outermost first.
  std::optional<Fault::Kind> look(const OutlineNode& parent,
                                  const google::protobuf::Descriptor* type) {
    SeenFields seen;
    for (const auto& node : parent.children) {
      if (!(node.begin < stop_)) return std::nullopt;
      chain.push_back(&node);
      if (const auto kind = fault_of(node, type, seen)) return kind;
      if (const auto kind = look(node, type_inside(node, type))) return kind;
      chain.pop_back();
    }
    return std::nullopt;
  }

  std::vector<const OutlineNode*> chain;

 private:
  std::optional<Fault::Kind> fault_of(const OutlineNode& node,
                                      const google::protobuf::Descriptor* type,
                                      SeenFields& seen) const {
    if (node.message && int(chain.size()) > deepest_) return Fault::Kind::kTooDeep;
    if (type == nullptr) return std::nullopt;
    if (node.field.front() == '[') {
      const bool twice = is_any(type) && std::exchange(seen.plugin, true);
      return twice ? std::optional(Fault::Kind::kSetTwice) : std::nullopt;
    }
    const auto* field = type->FindFieldByName(node.field);
    if (field == nullptr) return Fault::Kind::kUnknownField;
    if (const auto kind = clash(node, field, seen)) return kind;
    const bool unknown = field->enum_type() != nullptr && !node.empty_list && !node.message &&
                         !is_enum_value(field, node.value);
    return unknown ? std::optional(Fault::Kind::kUnknownValue) : std::nullopt;
  }

  static std::optional<Fault::Kind> clash(const OutlineNode& node, const FieldDescriptor* field,
                                          SeenFields& seen) {
    if (field->is_repeated()) return std::nullopt;
    const auto [before, first] = seen.names.emplace(node.field, node.begin);
    // Elements of one "[a, b]", where no list belongs, are no second setting.
    if (!first) {
      return before->second == node.begin ? std::nullopt : std::optional(Fault::Kind::kSetTwice);
    }
    const auto* oneof = field->real_containing_oneof();
    const bool taken = oneof != nullptr && !seen.alternatives.insert(oneof).second;
    return taken ? std::optional(Fault::Kind::kAlternative) : std::nullopt;
  }

  Position stop_;
  int deepest_;
};

}  // namespace

OutlineNode outline(const std::string& text) {
  OutlineNode root;
  Scanner(text).fields(root, 0);
  return root;
}

std::optional<Position> find_empty_list(const OutlineNode& root) {
  if (root.empty_list) return root.end;
  for (const auto& child : root.children) {
    if (const auto found = find_empty_list(child)) return found;
  }
  return std::nullopt;
}

Place place_at(const OutlineNode& root, Position position, const Described& described) {
  Place place{described.path, position, described.type, nullptr};
  const auto covers = [&](const OutlineNode& node) {
    return node.begin < position && position <= node.end;
  };
  const auto* type = described.type;
  for (const auto* at = &root;;) {
    const auto inner = std::find_if(at->children.begin(), at->children.end(), covers);
    if (inner == at->children.end()) return place;
    type = step_into(place, *at, *inner, type);
    at = &*inner;
  }
}

Fault find_fault(const OutlineNode& root, Position stop, const Described& described, int deepest) {
  FaultFinder finder(stop, deepest);
  Fault fault;
  fault.kind = finder.look(root, described.type).value_or(Fault::Kind::kNone);
  if (fault.kind == Fault::Kind::kNone) return fault;
  fault.value = finder.chain.back()->value;
  fault.place = {described.path, {}, described.type, nullptr};
  const auto* type = described.type;
  const auto* parent = &root;
  for (const auto* node : finder.chain) {
    type = step_into(fault.place, *parent, *node, type);
    parent = node;
  }
  return fault;
}

}  // namespace tasuki
