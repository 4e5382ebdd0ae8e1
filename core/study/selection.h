#pragma once

#include <filesystem>
#include <string>
#include <tuple>
#include <vector>

#include "tasuki/study/selection.pb.h"

namespace tasuki {

// A transfer s->t: a clone of task `from` trains the route of task `to`.
struct Edge {
  std::string from;
  std::string to;

  bool operator==(const Edge&) const = default;
  bool operator<(const Edge& other) const {
    return std::tie(from, to) < std::tie(other.from, other.to);
  }
  std::string text() const { return from + "->" + to; }
};

// Every ordered pair of different tasks, by target and then by source, both in the given order.
std::vector<Edge> all_edges(const std::vector<std::string>& tasks);

// The included transfers of a selection, in its order.
std::vector<Edge> included_edges(const Selection& selection);
// Its tasks that the joint model predicts, and those that it leaves out.
std::vector<std::string> joint_tasks(const Selection& selection);
std::vector<std::string> left_out_tasks(const Selection& selection);

// Reads what write_selection wrote (or a person, in text format). Error (kUsage) is
// "file:line:column: path: problem" for syntax and unknown fields; a transfer without both ends
// or `included`, from a task to itself or given twice is one as well, and so are no transfers.
Selection read_selection(const std::filesystem::path& file);
// `reader`: the policy that reads it, for people.
void write_selection(const std::filesystem::path& file, const Selection& selection,
                     const std::string& reader);

}  // namespace tasuki
