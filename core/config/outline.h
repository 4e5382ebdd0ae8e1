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

// One field of a config's text: which fields stand in which, right or wrong. The parser only says
// at which line and column it stopped; this says which field that is.
struct OutlineNode {
  std::string field;        // "depth", or "[tasuki/ResNet]"
  std::string name;         // the value of a `name` directly inside, ""
  Position begin;           // of the field's name
  Position end;             // where its value's last token ends, or begins if that is a bracket
  Position after;           // of the token that follows
  bool empty_list = false;  // "[]"
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

// The innermost field at `position` of a text that describes a `type` found at `path`; with
// `passed`, the field whose value ends before the token at `position`.
Place place_at(const std::string& text, Position position, bool passed,
               const google::protobuf::Descriptor* type, const std::string& path);

}  // namespace tasuki
