#pragma once

#include <google/protobuf/descriptor.h>

#include <optional>
#include <string>
#include <vector>

namespace tasuki {

// A place in a text, counted from 0 as protobuf's parser counts.
struct Position {
  int line = 0;
  int column = 0;
  auto operator<=>(const Position&) const = default;
};

// One field of a config's text: which fields stand in which, right or wrong.
//
// Where a text is right, protobuf's own ParseInfoTree says where each field stands, inside plugins
// too (survey.h). What it can't say, and this is for, is where the fields are that a mistake is in:
// the parser notes a field's place only behind its value, so that after a mistake neither the field
// nor those around it have one, and a field that its type doesn't have never gets one.
struct OutlineNode {
  std::string field;        // "depth", or "[tasuki/ResNet]"
  std::string name;         // the value of a `name` directly inside, ""
  std::string value;        // first token of a scalar, with its sign: "18", "LARGE", "-1"
  bool message = false;     // whether its value has braces
  Position begin;           // of the field's name
  Position end;             // where its value's last token ends, or begins if that is a bracket
  Position after;           // of the token that follows
  bool empty_list = false;  // "[]"
  bool unfinished = false;  // the text ends before its closing bracket; of a whole text, at its end
  std::vector<OutlineNode> children;
};

// The outline of a text, of which nothing is demanded; what is nested deeper than 100 is left out.
OutlineNode outline(const std::string& text);

// The position of the first "[]" of a text, which sets nothing.
std::optional<Position> find_empty_list(const OutlineNode& root);

// The field at a position of a text.
struct Place {
  std::string path;
  Position begin;
  // The type of the message that the field stands in and the field itself; nullptr when unknown.
  const google::protobuf::Descriptor* parent = nullptr;
  const google::protobuf::FieldDescriptor* field = nullptr;
};

// What a text as a whole describes: a `type`, found at `path`.
struct Described {
  const google::protobuf::Descriptor* type = nullptr;
  std::string path;
};

// The innermost field at `position` of a text.
Place place_at(const OutlineNode& root, Position position, const Described& described);

// Something that a text says and its types forbid.
struct Fault {
  enum class Kind { kNone, kUnknownField, kUnknownValue, kSetTwice, kAlternative, kTooDeep };
  Kind kind = Kind::kNone;
  Place place;
  std::string value;  // of an enum
};

// The first fault of a text that begins before `stop`, where protobuf's parser gave up, in the
// order in which that parser sees them. At most `deepest` messages may be within each other.
Fault find_fault(const OutlineNode& root, Position stop, const Described& described, int deepest);

}  // namespace tasuki
