#include "tests/core/distributed/in_processes.h"

#include <filesystem>
#include <optional>
#include <sstream>

namespace tasuki::testing {

std::optional<Ended> run_in_processes(int processes) {
  if (launch_of_process()) return {};
  const auto& test = *::testing::UnitTest::GetInstance()->current_test_info();
  const auto program = std::filesystem::read_symlink("/proc/self/exe").string();
  const auto filter = std::string("--gtest_filter=") + test.test_suite_name() + "." + test.name();
  std::ostringstream errors;
  Ended ended;
  ended.code = run_processes({program, filter}, processes, errors);
  ended.errors = errors.str();
  return ended;
}

std::unique_ptr<ProcessGroup> join_team() {
  return join_processes(*launch_of_process());
}

}  // namespace tasuki::testing
