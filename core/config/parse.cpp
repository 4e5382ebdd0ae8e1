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

// The parser says where it gave up; why is seen from the tokens up to there and from the types of
// the fields that they name. Its own words serve for what is no text format at all.
[[noreturn]] void fail_syntax(const TextSource& source, const Message& into,
                              const FirstError& first, const PluginFinder& finder) {
  const OutlineNode root = outline(source.text);
  const Described described{into.GetDescriptor(), source.path};
  const auto place = place_at(root, first.position, described);
  if (finder.failed()) {
    const auto* field = place.field == nullptr ? source.field : place.field;
    fail(source, place.begin, place.path, finder.problem(field));
  }
  const auto fault = find_fault(root, first.position, described, kDeepestNesting - source.depth);
  if (fault.kind != Fault::Kind::kNone) {
    const bool deep = fault.kind == Fault::Kind::kTooDeep;
    fail(source, deep ? first.position : fault.place.begin, fault.place.path, fault_text(fault));
  }
  fail(source, first.position, place.path,
       root.unfinished && first.position >= root.end
           ? "the text ends in the middle"
           : syntax_text(first.complaint.value_or("is not text format"), place));
}

void check_lists(const TextSource& source, const Message& into) {
  const auto root = outline(source.text);
  const auto empty = find_empty_list(root);
  if (!empty) return;
  const auto place = place_at(root, *empty, {into.GetDescriptor(), source.path});
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
