#include "tasuki/study/search.h"

#include <iostream>

#include "tasuki/study/recheck.h"
#include "tasuki/study/seeds.h"
#include "tasuki/study/strategy.h"
#include "tools/study.h"

namespace tasuki::tools {
namespace {

struct SearchArguments {
  ConfigOptions config;
  SearchOptions search;
  std::string recheck;
};

void add_rule(CLI::App& command, Rule& rule) {
  command.add_option("--target", rule.target, "Task that is to gain (default: any)");
  command.add_option("--least-gain", rule.least_gain, "Percent that the target has to gain")
      ->capture_default_str()
      ->check(number_between(-1e9, 1e9));
  command.add_option("--most-loss", rule.most_loss, "Percent that any other task may lose")
      ->capture_default_str()
      ->check(number_between(0, 1e9));
  command
      .add_option(
          "--confidence", rule.confidence,
          "Of each of these, by a one-sided paired t test from three verdict seeds on; 0: means "
          "alone decide")
      ->capture_default_str()
      ->check(number_between(0, 0.9999));
}

void add_plan(CLI::App& command, SearchArguments& arguments) {
  auto& options = arguments.search;
  command.add_option("--work-dir", options.work_dir,
                     "Folder of the search, to go on in as well (default: work_dirs/search_NAME)");
  command
      .add_option("--strategy", options.strategies,
                  "How to find the transfers that help, one or more of " + join(strategy_names()) +
                      ", separated by commas; docs/search.md")
      ->delimiter(',')
      ->capture_default_str();
  command
      .add_option("--seeds", options.seeds,
                  "Trainings of each trial that chooses, from train.seed on")
      ->capture_default_str()
      ->check(CLI::Range(size_t{1}, kMostSeeds));
  command
      .add_option("--verdict-seeds", options.verdict_seeds,
                  "Trainings of the single-task models and of the chosen model that judge it, with "
                  "seeds that chose nothing; 0: those that chose judge, and the decision is "
                  "exploratory")
      ->capture_default_str()
      ->check(CLI::Range(size_t{0}, kMostSeeds));
  command
      .add_option("--margin", options.margin, "Percent that a transfer has to gain to be included")
      ->capture_default_str()
      ->check(number_between(-1e9, 1e9));
  command
      .add_option("--affinity-every", options.affinity_every,
                  "Steps between two measurements of tag and cosine")
      ->capture_default_str()
      ->check(kAboveZero);
  command.add_option("--jobs", options.jobs, "Trainings side by side")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  command.add_flag("--joint", options.joint,
                   "Also train the joint model without transfers, to compare with");
}

void run_recheck(const SearchArguments& arguments) {
  const auto& config = arguments.config;
  if (!config.file.empty()) {
    throw Error(ErrorKind::kUsage, "--recheck takes no CONFIG: a run knows its own");
  }
  config.plugin.announce();
  const RecheckOptions options{config.assignments, config.root(), arguments.search.base};
  if (recheck(arguments.recheck, options, std::cout)) return;
  throw Error(ErrorKind::kRun, "not all decisions hold any more; search again");
}

void run(SearchArguments& arguments) {
  if (!arguments.recheck.empty()) return run_recheck(arguments);
  if (arguments.config.file.empty()) {
    throw Error(ErrorKind::kUsage, "search needs a CONFIG or --recheck DIR (tasuki search --help)");
  }
  const auto config = arguments.config.load();
  arguments.search.data_root = arguments.config.root();
  auto runner = process_runner(arguments.config);
  search(config, arguments.search, runner, std::cout);
}

}  // namespace

void add_search(CLI::App& app) {
  auto options = std::make_shared<SearchArguments>();
  auto* command = app.add_subcommand(
      "search", "Find out which self-auxiliaries help, and decide whether to adopt them");
  options->config.add_to(*command);
  command->get_option("CONFIG")->required(false);
  add_plan(*command, *options);
  add_rule(*command, options->search.rule);
  add_study_base(*command, options->search.base);
  command
      ->add_option("--recheck", options->recheck,
                   "Instead: say which decisions behind the run in DIR no longer hold")
      ->type_name("DIR");
  command->footer(
      "Stopped at any point, the same command goes on. Exit code 1 of --recheck: some decisions "
      "no longer hold.\n"
      "Examples:\n"
      "  tasuki search configs/rooms/quickstart.pbtxt --seeds 3 --target normal --least-gain 1\n"
      "  tasuki search --recheck work_dirs/rooms_quickstart_with_transfers");
  command->callback([options] { run(*options); });
}

}  // namespace tasuki::tools
