#include "tasuki/config/parse.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <optional>

#include "tasuki/config/diagnosis.h"
#include "tasuki/config/outline.h"
#include "tasuki/config/path.h"
#include "tasuki/config/plugin_finder.h"
#include "tasuki/config/survey.h"
#include "tasuki/config/utf8.h"
#include "tasuki/error/error.h"

namespace tasuki {
namespace {

using google::protobuf::Message;
using google::protobuf::TextFormat;

// Keeps the first mistake: what follows it is mostly its consequence.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    if (!complaint) {
      complaint = message;
      position = {std::max(line, 0), std::max(column, 0)};
    }
  }

  std::optional<std::string> complaint;
  Position position;
};

[[noreturn]] void fail(const TextSource& source, Position position, const std::string& path,
                       const std::string& problem) {
  const Origin origin = origin_at(source, position.line, position.column);
  throw Error(ErrorKind::kUsage,
              origin.text() + ": " + (path.empty() ? "" : path + ": ") + problem);
}

void check_encoding(const TextSource& source) {
  if (is_plain_utf8(source.text)) return;
  size_t begin = 0;
  for (int line = 0; begin <= source.text.size(); ++line) {
    const size_t end = std::min(source.text.find('\n', begin), source.text.size());
    if (!is_plain_utf8(std::string_view(source.text).substr(begin, end - begin))) {
      fail(source, {line, 0}, source.path, "this line is not UTF-8 text (or has a NUL byte)");
    }
    begin = end + 1;
  }
}

[[noreturn]] void fail_syntax(const TextSource& source, const Message& into,
                              const FirstError& first, const PluginFinder& finder) {
  const auto complaint = first.complaint.value_or("is not text format");
  const auto place = place_at(source.text, first.position, complains_late(complaint),
                              into.GetDescriptor(), source.path);
  const auto diagnosis = diagnose(
      complaint, place, finder.problem(place.field == nullptr ? source.field : place.field));
  fail(source, diagnosis.at_field ? place.begin : first.position, place.path, diagnosis.problem);
}

void check_lists(const TextSource& source, const Message& into) {
  const auto empty = find_empty_list(outline(source.text));
  if (!empty) return;
  const auto place = place_at(source.text, *empty, false, into.GetDescriptor(), source.path);
  fail(source, place.begin, place.path,
       "an empty list sets nothing; take a base's list out with \"remove\"");
}

}  // namespace

Origins parse_text(const TextSource& source, Message& into) {
  check_encoding(source);
  FirstError first;
  PluginFinder finder(into, source.field);
  TextFormat::ParseInfoTree tree;
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&first);
  parser.SetFinder(&finder);
  parser.WriteLocationsTo(&tree);
  parser.SetRecursionLimit(kDeepestNesting - source.depth);
  const bool parsed = parser.ParseFromString(source.text, &into);
  if (!parsed || first.complaint) fail_syntax(source, into, first, finder);
  check_lists(source, into);
  return survey(source, into, tree);
}

}  // namespace tasuki
