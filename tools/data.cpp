#include "tools/data.h"

#include <iostream>
#include <thread>

namespace tasuki::tools {

void add_data(CLI::App& app) {
  auto* data = app.add_subcommand("data", "Tools for data sets");
  data->require_subcommand(1);
  add_data_check(*data);
  add_data_browse(*data);
  add_data_normals(*data);
  data->footer("Example: tasuki data check configs/nyuv2/quick.pbtxt");
}

int data_threads(int asked) {
  return asked > 0 ? asked : int(std::max(1u, std::thread::hardware_concurrency()));
}

std::vector<ModelTask> data_tasks(const ResolvedConfig& config, const Dataset& dataset) {
  if (config.message().model().task().empty()) {
    std::cout << "The config has no tasks: labels belong to none.\n";
    return {};
  }
  return build_tasks(config, [&](const std::string& field) { return dataset.class_names(field); });
}

}  // namespace tasuki::tools
