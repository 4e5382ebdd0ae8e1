#include "tests/core/study/findings.h"

namespace tasuki::testing {

TaskValues quality(const std::string& task, double value) {
  return {task, {{{"quality", "", true, true}, value}}};
}

TrialResult result_of(const std::vector<TaskValues>& tasks, int64_t epochs) {
  TrialResult result;
  result.protocol = "P";
  result.split = "val";
  result.tasks = tasks;
  result.epochs = epochs;
  result.seconds = 10 * double(epochs);
  return result;
}

Findings two_task_findings() {
  Findings findings({0, 1});
  for (const uint64_t seed : findings.seeds()) {
    findings.add(alone("a"), seed, result_of({quality("a", 100)}, 8));
    findings.add(alone("b"), seed, result_of({quality("b", 100)}, 8));
    const double more = double(seed) * 2;
    findings.add(jointly({"a", "b"}), seed,
                 result_of({quality("a", 110 + more), quality("b", 95 + more)}, 8));
  }
  return findings;
}

}  // namespace tasuki::testing
