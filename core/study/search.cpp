#include "tasuki/study/search.h"

#include <algorithm>
#include <ostream>

#include "tasuki/config/writer.h"
#include "tasuki/data/data_print.h"
#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/experiment.h"
#include "tasuki/io/files.h"
#include "tasuki/study/network_facts.h"
#include "tasuki/study/present_conditions.h"
#include "tasuki/study/search_folder.h"
#include "tasuki/study/seeds.h"

namespace tasuki {
namespace {

void check_options(const SearchOptions& options) {
  const auto check = [](bool holds, const std::string& problem) {
    if (!holds) throw Error(ErrorKind::kUsage, problem);
  };
  const auto most = std::to_string(kMostSeeds);
  check(options.seeds >= 1 && options.seeds <= kMostSeeds, "seeds: 1 to " + most + " can choose");
  check(options.verdict_seeds <= kMostSeeds, "verdict_seeds: at most " + most + " can judge");
  check(options.jobs >= 1, "jobs: at least one training runs at a time");
  check(options.affinity_every >= 1, "affinity_every: measure every so many steps, 1 or more");
}

// What a search is about, checked before anything is written or trained: mistakes would show only
// after hours.
struct Searched {
  Searched(const ResolvedConfig& searched, const SearchOptions& search)
      : options(search),
        config(searched),
        base(search.base),
        name(config.message().name().empty() ? std::filesystem::path(config.file()).stem().string()
                                             : config.message().name()),
        dataset(build_dataset(config, search.data_root)),
        tasks(task_names(config.message())) {
    check_options(options);
    if (tasks.size() < 2) throw config.error("model.task", "a search needs two tasks or more");
    setting = {tasks,
               options.margin,
               options.rule,
               options.joint,
               seeds_of(config, options.seeds),
               verdict_seeds_of(config, options.verdict_seeds)};
    std::vector<TaskGain> nothing;
    for (const auto& task : tasks) nothing.push_back({task, true, {}});
    judge(options.rule, nothing);
    for (const auto& strategy : options.strategies) {
      strategies.push_back(make_strategy(strategy, {tasks, epochs_of(config.message())}));
    }
    check_transfers();
    check_measurements(check_steps(config, *dataset));
  }

  // Every transfer is possible in the architecture.
  void check_transfers() const {
    Trial all = jointly(tasks);
    all.transfers = all_edges(tasks);
    check_network(laid_over(config, trial_config(all, config.message(), base, {})), *dataset);
  }

  // A training is long enough for what is measured in it.
  void check_measurements(int64_t steps_per_epoch) const {
    if (std::all_of(strategies.begin(), strategies.end(),
                    [](const auto& strategy) { return strategy->scores_are_gains(); })) {
      return;
    }
    const auto steps = uint64_t(epochs_of(config.message()) * steps_per_epoch);
    if (steps >= options.affinity_every) return;
    throw Error(ErrorKind::kUsage, "--affinity-every " + std::to_string(options.affinity_every) +
                                       ": a training has only " + std::to_string(steps) + " steps");
  }

  std::filesystem::path folder() const {
    if (!options.work_dir.empty()) return options.work_dir;
    std::string plain = "search_" + name;
    std::replace(plain.begin(), plain.end(), ' ', '_');
    return std::filesystem::path("work_dirs") / plain;
  }

  // Objectives times epochs, over all seeds; more than will run where trials are shared.
  double planned_cost() const {
    double choosing = 0;
    for (const auto& strategy : strategies) choosing += strategy->planned_cost();
    const double once = double(tasks.size()) * double(epochs_of(config.message()));
    // The single-task models, and the chosen model with as many transfers as tasks.
    const double judging = (options.joint ? 4 : 3) * once;
    const size_t judges =
        setting.verdict_seeds.empty() ? options.seeds : setting.verdict_seeds.size();
    return choosing * double(options.seeds) + judging * double(judges);
  }

  const SearchOptions& options;
  const ResolvedConfig& config;
  StudyBase base;
  std::string name;
  std::shared_ptr<const Dataset> dataset;
  std::vector<std::string> tasks;
  SearchSetting setting;
  std::vector<std::unique_ptr<Strategy>> strategies;
};

// What a reader of the selection file has to know beside its transfers.
void describe(Selection& selection, const Searched& about, const std::string& strategy) {
  const auto& message = about.config.message();
  selection.set_strategy(strategy);
  if (!message.protocol().name().empty()) selection.set_protocol(message.protocol().name());
  selection.set_split(message.data().validation_split());
  selection.set_config(about.config.file());
  selection.set_config_crc32(print_of("", std::vector{about.config.text()}).ids_crc32);
  for (const auto seed : about.setting.seeds) selection.add_seed(seed);
}

Deployed deployed(const std::string& name, const Trial& trial, uint64_t seed, const Searched& about,
                  const SearchFolder& folder) {
  const auto job = folder.job(trial, seed);
  return {name, trial.tasks, inference_parameters(load_config(job.config), *about.dataset),
          job.work_dir / kBestFile};
}

void add_inference(Decision& decision, const Searched& about, const SearchFolder& folder) {
  const uint64_t seed = decision.verdict_seeds.front();
  for (const auto& task : about.tasks) {
    decision.before.push_back(deployed(task + " alone", alone(task), seed, about, folder));
  }
  const auto last = final_trial(decision.strategies.front().selection);
  if (last) decision.after.push_back(deployed("joint model", *last, seed, about, folder));
  for (size_t i = 0; i < about.tasks.size(); ++i) {
    if (!decision.tasks[i].gain.joint) decision.after.push_back(decision.before[i]);
  }
}

// Laid over the resolved config beside it, so that it stays what was searched and judged, whatever
// becomes of the user's own file.
std::string next_config(const Selection& selection, const Verdict& verdict, const Searched& about,
                        const std::filesystem::path& folder) {
  const auto absolute = std::filesystem::absolute(folder).lexically_normal();
  const auto joint = joint_tasks(selection);
  Config next;
  next.add_base(kSearchedConfigFile);
  next.set_name(about.name + " with transfers");
  for (const auto& name : about.tasks) {
    auto& task = *next.mutable_model()->add_task();
    task.set_name(name);
    task.set_joint(std::find(joint.begin(), joint.end(), name) != joint.end());
  }
  *next.mutable_model()->add_self_auxiliary() = about.base.selection(absolute / kSelectionFile);
  *next.mutable_train()->mutable_weighting() = about.base.weighting();
  return "# Written by tasuki search. Decision: " +
         std::string(verdict.adopt ? "adopt" : "do not adopt") +
         (verdict.exploratory ? " (exploratory)" : "") + ".\n" + write_text(next);
}

void write(Decision& decision, const Searched& about, const std::filesystem::path& folder) {
  const auto& selection = decision.strategies.front().selection;
  write_selection(folder / kSelectionFile, selection, about.base.selection_name());
  if (final_trial(selection)) {
    decision.next_file = folder / kNextFile;
    decision.next_config = next_config(selection, decision.verdict, about, folder);
    write_file_atomically(decision.next_file, decision.next_config);
  } else {
    std::filesystem::remove(folder / kNextFile);
  }
  write_file_atomically(folder / kDecisionJson, decision_json(decision));
  write_file_atomically(folder / kDecisionHtml, decision_html(decision));
}

Decision decide(const Searched& about, SearchFolder& folder) {
  auto decision = search_transfers(about.strategies, about.setting, folder);
  for (auto& outcome : decision.strategies) describe(outcome.selection, about, outcome.name);
  decision.config = about.name;
  decision.data = about.config.message().data().dataset().type_url();
  add_inference(decision, about, folder);
  write(decision, about, folder.path());
  return decision;
}

}  // namespace

Decision search(const ResolvedConfig& config, const SearchOptions& options, TrainRunner& runner,
                std::ostream& out) {
  const Searched about(config, options);
  TrainQueue queue(runner, out, options.jobs, about.planned_cost());
  SearchFolder folder(about.folder(), options, config, about.base, *about.dataset, queue, out);
  auto decision = decide(about, folder);
  print_decision(decision, out);
  out << "Report: " << (folder.path() / kDecisionHtml).string() << "\n";
  return decision;
}

}  // namespace tasuki
