#include "tasuki/study/compare.h"

#include <algorithm>
#include <cctype>
#include <ostream>
#include <set>

#include "tasuki/engine/experiment.h"
#include "tasuki/engine/weighting_choices.h"
#include "tasuki/io/files.h"
#include "tasuki/study/compare_folder.h"
#include "tasuki/study/given_baselines.h"
#include "tasuki/study/network_facts.h"
#include "tasuki/study/present_conditions.h"
#include "tasuki/study/trial.h"

namespace tasuki {
namespace {

// What a comparison is about, checked before anything is written or trained.
struct Compared {
  Compared(const std::vector<NamedConfig>& resolved, const CompareOptions& asked)
      : options(asked), base(asked.base) {
    if (resolved.empty()) throw Error(ErrorKind::kUsage, "a comparison needs a config");
    if (options.seeds == 0 || options.jobs == 0) {
      throw Error(ErrorKind::kUsage, "a comparison needs one seed and one job or more");
    }
    for (const auto& config : resolved) add(config);
    dataset = build_dataset(configs.front().config, options.data_root);
    std::vector<const ResolvedConfig*> pointers;
    for (auto& one : configs) {
      one.self_auxiliaries = check_network(one.config, *dataset);
      check_steps(one.config, *dataset);
      const auto of_one = metric_infos(one.config, *dataset);
      infos.insert(of_one.begin(), of_one.end());
      pointers.push_back(&one.config);
    }
    conditions = conditions_of(pointers, *dataset, options.seeds, options.jobs);
    if (!options.split.empty() && !has_split(*dataset, options.split)) {
      throw unknown_split(options.split, dataset->splits()).within("--split");
    }
    for (const auto& one : configs) check_protocol(one.name, one.config, configs.front());
  }

  void add(const NamedConfig& config) {
    ComparedConfig one{config.name, config.config, {}};
    CompareFolder::check_name(one);
    for (const auto& other : configs) {
      if (other.name != one.name) continue;
      throw Error(ErrorKind::kUsage, one.config.file() +
                                         ": two configs of a comparison are called " + one.name +
                                         "; rename one of them");
    }
    configs.push_back(std::move(one));
  }

  const CompareOptions& options;
  StudyBase base;
  std::vector<ComparedConfig> configs;
  std::shared_ptr<const Dataset> dataset;
  MetricInfos infos;
  RunConditions conditions;
};

// Its trainings, each with one seed.
struct Trainings {
  std::map<std::string, std::vector<TrainJob>> of_configs;  // by name
  std::map<std::string, std::vector<TrainJob>> singles;     // by task

  std::vector<TrainJob> all(const std::vector<ComparedConfig>& order) const {
    std::vector<TrainJob> jobs;
    for (const auto& config : order) {
      const auto& own = of_configs.at(config.name);
      jobs.insert(jobs.end(), own.begin(), own.end());
    }
    for (const auto& [task, own] : singles) jobs.insert(jobs.end(), own.begin(), own.end());
    return jobs;
  }
};

Trainings trainings_of(const Compared& about, const CompareFolder& folder, bool with_singles) {
  Trainings trainings;
  for (const auto& config : about.configs) {
    for (const uint64_t seed : about.conditions.seeds) {
      trainings.of_configs[config.name].push_back(folder.job(config, seed));
    }
  }
  if (!with_singles) return trainings;
  for (const auto& [task, config] : first_with_task(about.configs)) {
    for (const uint64_t seed : about.conditions.seeds) {
      trainings.singles[task].push_back(folder.single_job(*config, task, seed));
    }
  }
  return trainings;
}

void train(const std::vector<TrainJob>& jobs, const CompareOptions& options, TrainRunner& runner,
           std::ostream& out) {
  double cost = 0;
  for (const auto& job : jobs) cost += job.cost;
  TrainQueue(runner, out, options.jobs, cost).run(jobs);
  if (options.split.empty()) return;
  for (const auto& job : jobs) evaluate_checkpoint(runner, job, options.split, out);
}

// Of a training of the comparison itself: what is damaged can be made again.
std::vector<TaskValues> own_figures(const Compared& about, const TrainJob& job) {
  const auto& split = about.options.split;
  const auto figures = figures_file(job.work_dir, split);
  return with_advice(split.empty() ? job.work_dir : figures,
                     [&] { return read_figures(figures, about.infos); });
}

ComparedModel model_of(const Compared& about, const ComparedConfig& config,
                       const Trainings& trainings, const GivenBaselines& given) {
  ComparedModel model;
  model.name = config.name;
  for (const auto& job : trainings.of_configs.at(config.name)) {
    const auto result = read_trial_result(job.work_dir, about.infos);
    model.by_seed.push_back(own_figures(about, job));
    model.epochs += double(result.epochs);
    model.seconds += result.seconds;
  }
  model.parameters = inference_parameters(config.config, *about.dataset);
  const auto joint = joint_tasks(config.config.message());
  for (const auto& task : task_names(config.config.message())) {
    if (std::find(joint.begin(), joint.end(), task) != joint.end()) continue;
    // The single-task model that serves it.
    const auto own = trainings.singles.find(task);
    const auto single = own == trainings.singles.end() ? given.config(task)
                                                       : load_config(own->second.front().config);
    model.alone.push_back(task);
    model.parameters += inference_parameters(single, *about.dataset);
  }
  return model;
}

Baselines own_baselines(const Compared& about, const Trainings& trainings) {
  Baselines baselines;
  for (const auto& [task, jobs] : trainings.singles) {
    for (const auto& job : jobs) {
      baselines[task].push_back(values_of(own_figures(about, job), task));
    }
  }
  return baselines;
}

Comparison comparison_of(const Compared& about, const Trainings& trainings,
                         const GivenBaselines& given) {
  Comparison comparison;
  comparison.title = "Comparison";
  comparison.seeds = about.conditions.seeds;
  for (const auto& config : about.configs) {
    comparison.models.push_back(model_of(about, config, trainings, given));
  }
  const auto& first = trainings.of_configs.at(about.configs.front().name).front();
  const auto result = read_trial_result(first.work_dir, about.infos);
  comparison.protocol = result.protocol;
  comparison.split = about.options.split.empty() ? result.split : about.options.split;
  comparison.baselines =
      given.empty() ? own_baselines(about, trainings) : given.figures(about.configs, about.infos);
  return comparison;
}

// "AutoLambda {every: 4}" -> "AutoLambda_every_4"
std::string folder_name(const std::string& text) {
  std::string name;
  bool gap = false;
  for (const unsigned char c : text) {
    const bool fits = std::isalnum(c) != 0 || c == '-' || c == '.';
    if (fits && gap && !name.empty()) name += '_';
    if (fits) name += char(c);
    gap = !fits;
  }
  return name;
}

}  // namespace

std::vector<NamedConfig> with_weightings(const ResolvedConfig& config,
                                         const std::vector<std::string>& weightings) {
  std::vector<NamedConfig> all;
  for (const auto& weighting : weightings) {
    all.push_back({folder_name(weighting_name(weighting)), with_weighting(config, weighting)});
    const auto twice = std::count_if(all.begin(), all.end(), [&](const NamedConfig& one) {
      return one.name == all.back().name;
    });
    if (twice > 1) throw Error(ErrorKind::kUsage, "--weighting " + weighting + " is there twice");
  }
  return all;
}

Comparison compare(const std::vector<ResolvedConfig>& configs, const CompareOptions& options,
                   TrainRunner& runner, std::ostream& out) {
  std::vector<NamedConfig> named;
  for (const auto& config : configs) {
    named.push_back({std::filesystem::path(config.file()).stem().string(), config});
  }
  return compare(named, options, runner, out);
}

Comparison compare(const std::vector<NamedConfig>& configs, const CompareOptions& options,
                   TrainRunner& runner, std::ostream& out) {
  const Compared about(configs, options);
  const GivenBaselines given(options.baselines, about.configs, options.split);
  const CompareFolder folder(options.work_dir, about.configs, about.base, about.conditions, out);
  const auto trainings = trainings_of(about, folder, given.empty());
  train(trainings.all(about.configs), options, runner, out);
  auto comparison = comparison_of(about, trainings, given);
  write_file_atomically(folder.json_file(), comparison_json(comparison));
  write_file_atomically(folder.html_file(), comparison_html(comparison));
  print_comparison(comparison, out);
  out << "Report: " << folder.html_file().string() << "\n";
  return comparison;
}

}  // namespace tasuki
