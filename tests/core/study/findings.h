#pragma once

#include <string>
#include <vector>

#include "tasuki/study/strategy.h"

// Findings of trainings that never ran: one metric a task.
namespace tasuki::testing {

// A metric of which more is better.
TaskValues quality(const std::string& task, double value);

// A result with these values and 10 seconds an epoch.
TrialResult result_of(const std::vector<TaskValues>& tasks, int64_t epochs);

// Two tasks a and b over two seeds: alone 100 each; in the pair a has 110 and 112, b 95 and 97.
Findings two_task_findings();

}  // namespace tasuki::testing
