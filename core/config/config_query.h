#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tasuki/config/config.pb.h"

namespace tasuki {

// What is often asked of a config's message, with the defaults that config.proto documents.

// Passes over the training split.
int64_t epochs_of(const Config& config);
// The names of its tasks, and those of the tasks that its model predicts, both in its order.
std::vector<std::string> task_names(const Config& config);
std::vector<std::string> joint_tasks(const Config& config);

}  // namespace tasuki
