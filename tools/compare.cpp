#include "tasuki/study/compare.h"

#include <iostream>

#include "tools/study.h"
#include "tools/weighting_option.h"

namespace tasuki::tools {
namespace {

struct CompareArguments {
  ConfigOptions shared;  // --set, --data-root, --plugin; its file is the one at hand
  std::vector<std::string> configs;
  std::vector<std::string> weightings;
  CompareOptions compare;
};

// One config with several weightings: with --weighting.
std::vector<NamedConfig> by_weighting(const CompareArguments& arguments,
                                      const std::vector<ResolvedConfig>& configs) {
  if (configs.size() > 1) {
    throw Error(ErrorKind::kUsage, "--weighting compares weightings of one config; give one");
  }
  std::vector<std::string> left_out;
  const auto weightings =
      asked_weightings(configs[0], arguments.shared.root(), arguments.weightings, left_out);
  for (const auto& reason : left_out) std::cout << "left out: " << reason << "\n";
  return with_weightings(configs[0], weightings);
}

void run(CompareArguments& arguments) {
  std::vector<ResolvedConfig> configs;
  for (const auto& file : arguments.configs) {
    ConfigOptions one = arguments.shared;
    one.file = file;
    configs.push_back(one.load());
  }
  arguments.compare.data_root = arguments.shared.root();
  auto runner = process_runner(arguments.shared);
  if (arguments.weightings.empty()) {
    compare(configs, arguments.compare, runner, std::cout);
  } else {
    compare(by_weighting(arguments, configs), arguments.compare, runner, std::cout);
  }
}

}  // namespace

void add_compare(CLI::App& app) {
  auto options = std::make_shared<CompareArguments>();
  auto* command = app.add_subcommand(
      "compare", "Train configs over seeds and put their figures into one table");
  options->shared.add_to(*command);
  command->remove_option(command->get_option("CONFIG"));
  command->add_option("CONFIG", options->configs, "Config files (.pbtxt)")->required();
  add_weighting_option(*command, options->weightings,
                       "Compare the config with this weighting in the place of its own");
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
      "Examples:\n  tasuki compare configs/rooms/quickstart.pbtxt "
      "work_dirs/search_rooms_quickstart/next.pbtxt "
      "--seeds 3 --work-dir work_dirs/rooms_table\n"
      "  tasuki compare configs/rooms/quickstart.pbtxt --seeds 3 --weighting '[tasuki/EW]{}' "
      "--weighting '[tasuki/PCGrad]{}'");
  command->callback([options] { run(*options); });
}

}  // namespace tasuki::tools
