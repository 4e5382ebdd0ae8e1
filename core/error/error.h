#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tasuki {

// What kind of mistake an Error reports; it decides the exit code of the program.
enum class ErrorKind {
  kUsage,   // a wrong command line or config: exit code 2
  kPlugin,  // a module that can't be loaded, a name that is unknown or taken: exit code 2
  kData,    // a file of a data set, a checkpoint or predictions that can't be used: exit code 1
  kRun,     // anything else that stops a run: exit code 1
};

// The one exception type for what a user can mend. The message is complete: where, what is wrong,
// what to do. Mistakes of our own are assertions, not Errors.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}

  ErrorKind kind() const { return kind_; }

  // The same error with "context: " in front, for each level that knows more of the place.
  Error within(std::string_view context) const;

 private:
  ErrorKind kind_;
};

// The known name nearest to `name` by edit distance, or "" when none is near enough to be a typing
// mistake (more than a third of the letters differ).
std::string nearest_name(std::string_view name, const std::vector<std::string>& known);

// " (did you mean \"x\"?)" or "".
std::string did_you_mean(std::string_view name, const std::vector<std::string>& known);

// "a, b, c" in the order given.
std::string join(const std::vector<std::string>& parts, std::string_view separator = ", ");

}  // namespace tasuki
