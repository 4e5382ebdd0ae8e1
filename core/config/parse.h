#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>

#include "tasuki/config/origin.h"

namespace tasuki {

// How many messages within each other a config may be: well below the nesting of 100 at which
// protobuf refuses to read an Any's bytes.
inline constexpr int kDeepestNesting = 64;

// A text in text format and what it stands for.
struct TextSource {
  std::string text;
  // The file as the user gave it, or "--set a.b=c".
  std::string name;
  // Whether lines and columns of the text mean something to the user: not those of an assignment.
  bool located = true;
  // Where the parsed message belongs: the config itself, or the value of `field` at `path`.
  std::string path;
  const google::protobuf::FieldDescriptor* field = nullptr;
  // Messages around it, which count for the deepest nesting.
  int depth = 0;
};

// Parses `source` into the empty message `into`; the origin of every field that it sets.
// Beyond what text format demands: strings are UTF-8 without NUL, plugins are written by their
// names and are of the kind that their place wants, elements of named lists have names of their own
// without brackets or control characters. Error (kUsage): "file:line:column: path: problem".
Origins parse_text(const TextSource& source, google::protobuf::Message& into);

}  // namespace tasuki
