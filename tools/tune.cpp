#include "tasuki/study/tune.h"

#include <iostream>

#include "tasuki/study/seeds.h"
#include "tools/study.h"

namespace tasuki::tools {
namespace {

struct TuneArguments {
  ConfigOptions config;
  TuneOptions tune;
};

void run(TuneArguments& arguments) {
  const auto config = arguments.config.load();
  arguments.tune.data_root = arguments.config.root();
  auto runner = process_runner(arguments.config);
  tune(config, arguments.tune, runner, std::cout);
}

}  // namespace

void add_tune(CLI::App& app) {
  auto arguments = std::make_shared<TuneArguments>();
  auto* command = app.add_subcommand(
      "tune", "Look for constant weights of the tasks' losses, by successive halving");
  arguments->config.add_to(*command);
  auto& options = arguments->tune;
  command->add_option("--work-dir", options.work_dir,
                      "Folder of the tuning, to go on in as well (default: work_dirs/tune_NAME)");
  command
      ->add_option("--candidates", options.candidates,
                   "Weights to try; equal ones are the first of them")
      ->capture_default_str()
      ->check(CLI::Range(2, 4096));
  command
      ->add_option("--range", options.range,
                   "Weights are drawn log-uniformly between 1 / RANGE and RANGE, and divided by "
                   "their mean")
      ->capture_default_str()
      ->check(number_between(1, 1e9));
  command
      ->add_option("--seeds", options.seeds,
                   "Trainings of each candidate in each rung, from train.seed on")
      ->capture_default_str()
      ->check(CLI::Range(size_t{1}, kMostSeeds));
  command->add_option("--jobs", options.jobs, "Trainings side by side")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  command
      ->add_option("--base", options.base,
                   "Config with the weighting that takes the weights (default: "
                   "configs/_base_/tune.pbtxt of this installation)")
      ->type_name("FILE");
  command->footer("Example: tasuki tune configs/rooms/quickstart.pbtxt --candidates 16");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace tasuki::tools
