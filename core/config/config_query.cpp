#include "tasuki/config/config_query.h"

namespace tasuki {
int64_t epochs_of(const Config& config) {
  return config.train().epochs();
}

std::vector<std::string> task_names(const Config& config) {
  std::vector<std::string> names;
  for (const auto& task : config.model().task()) names.push_back(task.name());
  return names;
}

std::vector<std::string> joint_tasks(const Config& config) {
  std::vector<std::string> names;
  for (const auto& task : config.model().task()) {
    if (task.joint()) names.push_back(task.name());
  }
  return names;
}

}  // namespace tasuki
