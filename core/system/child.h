#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tasuki {

// A process that ends with its owner: killed with this object, and by the kernel should this
// process die without a chance to do anything (kill -9).
class Child {
 public:
  // Runs `command`, without standard input, its output appended to `log`. Error (kRun) when it
  // can't be started.
  Child(const std::vector<std::string>& command, const std::filesystem::path& log);
  // Asks it to stop (SIGTERM) where it still runs, and waits for it.
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;

  // The status of waitpid once it has ended.
  std::optional<int> ended();

 private:
  pid_t id_ = -1;
  std::optional<int> status_;
};

// While it lives, SIGINT and SIGTERM are noted and do nothing else.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  bool arrived() const;
};

}  // namespace tasuki
