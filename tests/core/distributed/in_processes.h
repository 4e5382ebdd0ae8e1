#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "tasuki/distributed/process_group.h"
#include "tasuki/distributed/process_team.h"

namespace tasuki::testing {

// What a team of processes came to, for the process that started it.
struct Ended {
  int code = 0;
  std::string errors;  // that the starter printed
};

// The test that is running, once more in `processes` processes of its program. In these it is
// nothing.
std::optional<Ended> run_in_processes(int processes);

// In each process of run_in_processes(): its group.
std::unique_ptr<ProcessGroup> join_team();

// The body of a test in several processes: the first call of a test, whose rest runs in each of
// them. In the one that starts them the test ends here, and fails where one of them does.
#define TASUKI_IN_PROCESSES(n)                                                         \
  if (!::tasuki::has_process_groups()) GTEST_SKIP() << "built without Gloo's headers"; \
  if (const auto ended = ::tasuki::testing::run_in_processes(n)) {                     \
    EXPECT_EQ(ended->code, 0) << ended->errors;                                        \
    return;                                                                            \
  }

}  // namespace tasuki::testing
