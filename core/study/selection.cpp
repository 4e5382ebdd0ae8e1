#include "tasuki/study/selection.h"

#include <set>

#include "tasuki/config/config_file.h"
#include "tasuki/config/parse.h"
#include "tasuki/config/writer.h"
#include "tasuki/error/error.h"
#include "tasuki/io/files.h"

namespace tasuki {
namespace {

Error problem_at(const Origins& origins, int transfer, const std::string& problem) {
  const std::string path = "transfer[" + std::to_string(transfer) + "]";
  return Error(ErrorKind::kUsage, origins.nearest(path)->text() + ": " + path + ": " + problem);
}

void check(const Selection& selection, const Origins& origins, const std::filesystem::path& file) {
  if (selection.transfer().empty()) {
    throw Error(
        ErrorKind::kUsage,
        file.string() +
            ": has no transfer; a selection says of each whether it is included: transfer { "
            "from: \"TASK\" to: \"TASK\" included: true }");
  }
  std::set<Edge> seen;
  for (int i = 0; i < selection.transfer_size(); ++i) {
    const Edge edge{selection.transfer(i).from(), selection.transfer(i).to()};
    const auto fail = [&](const std::string& problem) { return problem_at(origins, i, problem); };
    if (edge.from.empty() || edge.to.empty()) throw fail("needs the tasks `from` and `to`");
    if (!selection.transfer(i).has_included()) {
      throw fail(edge.text() + " needs `included`: true or false");
    }
    if (edge.from == edge.to) throw fail("leads from task \"" + edge.to + "\" to itself");
    if (!seen.insert(edge).second) throw fail(edge.text() + " is there already");
  }
}

std::vector<std::string> tasks_that(const Selection& selection, bool joint) {
  std::vector<std::string> names;
  for (const auto& task : selection.task()) {
    if (task.joint() == joint) names.push_back(task.name());
  }
  return names;
}

}  // namespace

std::vector<Edge> all_edges(const std::vector<std::string>& tasks) {
  std::vector<Edge> edges;
  for (const auto& to : tasks) {
    for (const auto& from : tasks) {
      if (from != to) edges.push_back({from, to});
    }
  }
  return edges;
}

std::vector<Edge> included_edges(const Selection& selection) {
  std::vector<Edge> edges;
  for (const auto& transfer : selection.transfer()) {
    if (transfer.included()) edges.push_back({transfer.from(), transfer.to()});
  }
  return edges;
}

std::vector<std::string> joint_tasks(const Selection& selection) {
  return tasks_that(selection, true);
}

std::vector<std::string> left_out_tasks(const Selection& selection) {
  return tasks_that(selection, false);
}

Selection read_selection(const std::filesystem::path& file) {
  Selection selection;
  const auto origins =
      parse_text({read_config_file(file, ""), file.string(), true, "", nullptr}, selection);
  check(selection, origins, file);
  return selection;
}

void write_selection(const std::filesystem::path& file, const Selection& selection,
                     const std::string& reader) {
  write_file_atomically(file, "# Written by tasuki search; [" + reader +
                                  "] { file: ... } reads it.\n" + write_text(selection));
}

}  // namespace tasuki
