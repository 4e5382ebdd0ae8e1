#include "tasuki/study/compare.h"

#include <iostream>

#include "tools/study.h"

namespace tasuki::tools {
namespace {

struct CompareArguments {
  ConfigOptions shared;  // --set, --data-root, --plugin; its file is the one at hand
  std::vector<std::string> configs;
  CompareOptions compare;
};

void run(CompareArguments& arguments) {
  std::vector<ResolvedConfig> configs;
  for (const auto& file : arguments.configs) {
    ConfigOptions one = arguments.shared;
    one.file = file;
    configs.push_back(one.load());
  }
  arguments.compare.data_root = arguments.shared.root();
  auto runner = process_runner(arguments.shared);
  compare(configs, arguments.compare, runner, std::cout);
}

}  // namespace

void add_compare(CLI::App& app) {
  auto options = std::make_shared<CompareArguments>();
  auto* command = app.add_subcommand(
      "compare", "Train configs over seeds and put their figures into one table");
  options->shared.add_to(*command);
  command->remove_option(command->get_option("CONFIG"));
  command->add_option("CONFIG", options->configs, "Config files (.pbtxt)")->required();
  command
      ->add_option("--work-dir", options->compare.work_dir,
                   "Folder of the comparison, to go on in too")
      ->capture_default_str();
  command
      ->add_option("--seeds", options->compare.seeds,
                   "Trainings of each config, from train.seed on")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_option("--jobs", options->compare.jobs, "Trainings side by side")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  command
      ->add_option("--baseline", options->compare.baselines,
                   "Work dirs of single-task runs to compare with (default: each task is trained "
                   "alone, by the first config that has it)")
      ->type_name("DIR")
      ->allow_extra_args(false);
  command->add_option("--split", options->compare.split,
                      "Evaluate the best checkpoints on this split once everything is trained "
                      "(default: figures on the validation split)");
  add_study_base(*command, options->compare.base);
  command->footer(
      "Example: tasuki compare configs/rooms/quickstart.pbtxt "
      "work_dirs/search_rooms_quickstart/next.pbtxt "
      "--seeds 3 --work-dir work_dirs/rooms_table");
  command->callback([options] { run(*options); });
}

}  // namespace tasuki::tools
