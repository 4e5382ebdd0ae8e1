#include "tools/search.h"

#include <torch/torch.h>

#include <iostream>

#include "core/engine/experiment.h"
#include "core/search/seeds.h"
#include "core/search/strategy.h"

namespace tasuki::tools {
namespace {

ClassNames class_names_of(const Dataset& dataset) {
  return [&dataset](const std::string& field) { return dataset.class_names(field); };
}

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

void add_plan(CLI::App& command, SearchOptions& options) {
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

}  // namespace

MetricInfos metric_infos(const ResolvedConfig& config, const Dataset& dataset) {
  MetricInfos infos;
  for (const auto& task : build_tasks(config, class_names_of(dataset))) {
    for (const auto& value : task.make_metrics().values()) {
      infos[task.name + "." + value.info.name] = value.info;
    }
  }
  return infos;
}

std::vector<std::string> check_network(const ResolvedConfig& config, const Dataset& dataset) {
  const MultiTaskModel network(config, class_names_of(dataset), Network::kTraining);
  std::vector<std::string> transfers;
  for (const auto& objective : network.objectives()) {
    if (objective.auxiliary) transfers.push_back(objective.name);
  }
  return transfers;
}

int64_t check_steps(const ResolvedConfig& config, const Dataset& dataset) {
  Experiment experiment;
  experiment.config = config;
  const auto loader = experiment.loader_options(Experiment::Pipeline::kTrain);
  const size_t samples = dataset.size(experiment.train_split());
  const size_t rest = loader.drop_last ? 0 : loader.batch_size - 1;
  const auto steps = int64_t((samples + rest) / loader.batch_size);
  if (steps == 0) {
    throw config.error("data.loader.batch_size",
                       "split " + experiment.train_split() + " has " + std::to_string(samples) +
                           " samples, less than one batch, and drop_last leaves it out");
  }
  const int64_t all = epochs_of(config.message()) * steps;
  const int64_t warmup = config.message().train().warmup_steps();
  if (warmup < all) return steps;
  throw config.error("train.warmup_steps", "a training has only " + std::to_string(all) +
                                               " steps, and the warm-up takes " +
                                               std::to_string(warmup) + " of them; lower it");
}

int64_t inference_parameters(const ResolvedConfig& config, const Dataset& dataset) {
  return parameter_count(MultiTaskModel(config, class_names_of(dataset), Network::kInference));
}

std::vector<std::string> handed_on(const ConfigOptions& options) {
  std::vector<std::string> arguments = {"--data-root", options.root().string()};
  for (const auto& plugin : options.plugin.plugins) {
    arguments.insert(arguments.end(), {"--plugin", plugin});
  }
  return arguments;
}

void add_search(CLI::App& app) {
  auto options = std::make_shared<SearchOptions>();
  auto* command = app.add_subcommand(
      "search", "Find out which self-auxiliaries help, and decide whether to adopt them");
  options->config.add_to(*command);
  command->get_option("CONFIG")->required(false);
  add_plan(*command, *options);
  add_rule(*command, options->rule);
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
  command->callback([options] {
    if (!options->recheck.empty() && !options->config.file.empty()) {
      throw Error(ErrorKind::kUsage, "--recheck takes no CONFIG: a run knows its own");
    }
    if (!options->recheck.empty()) {
      if (!recheck(*options)) {
        throw Error(ErrorKind::kRun, "not all decisions hold any more; search again");
      }
    } else if (options->config.file.empty()) {
      throw Error(ErrorKind::kUsage,
                  "search needs a CONFIG or --recheck DIR (tasuki search --help)");
    } else {
      run_search(*options);
    }
  });
}

}  // namespace tasuki::tools
