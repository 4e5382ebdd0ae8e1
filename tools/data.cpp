#include "tools/data.h"

#include <iostream>

#include "tasuki/system/processors.h"

namespace tasuki::tools {

void add_data(CLI::App& app) {
  auto* data = app.add_subcommand("data", "Tools for data sets");
  data->require_subcommand(1);
  add_data_check(*data);
  add_data_browse(*data);
  add_data_normals(*data);
  add_data_pack(*data);
  data->footer("Example: tasuki data check configs/nyuv2/quick.pbtxt");
}

int data_threads(int asked) {
  return asked > 0 ? asked : usable_processors();
}

std::vector<ModelTask> data_tasks(const ResolvedConfig& config, const Dataset& dataset) {
  if (config.message().model().task().empty()) {
    std::cout << "The config has no tasks: labels belong to none.\n";
    return {};
  }
  return build_tasks(config, [&](const std::string& field) { return dataset.class_names(field); });
}

std::vector<SplitUse> data_uses(const ResolvedConfig& config, const Dataset& dataset) {
  Experiment names;
  names.config = config;
  const auto uses = split_uses(config, dataset);
  if (!has_split(dataset, names.test_split())) {
    std::cout << "split " << names.test_split() << ": the data set has none\n";
  }
  return uses;
}

}  // namespace tasuki::tools
