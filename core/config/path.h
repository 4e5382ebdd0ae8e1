#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tasuki {

// One step of "model.task[seg].decoder": a field, and which element of it.
struct PathStep {
  std::string field;
  std::optional<std::string> key;  // what stands in [], a name or a position from 0
};

// Steps of a path. OptionError (its field is the whole path) where it isn't one: an empty field, a
// bracket that isn't closed, more than 64 steps.
std::vector<PathStep> parse_path(const std::string& path);

// "model" + "encoder" -> "model.encoder"; "" is the config itself.
std::string child_path(const std::string& parent, const std::string& field);

// "model.task" + "seg" -> "model.task[seg]".
std::string element_path(const std::string& list, const std::string& key);

// Why no element can be named so, "" where one can: the name is not UTF-8 text, or it has a bracket
// or a control character, which no path could hold.
std::string name_problem(const std::string& name);

// "a.b[c]" -> "a.b" -> "a" -> "". Names of elements hold no brackets, but may hold dots.
std::string parent_path(const std::string& path);

}  // namespace tasuki
