#include <iostream>

#include "core/data/files.h"
#include "core/engine/checkpoint.h"
#include "core/engine/experiment.h"
#include "core/search/decision.h"
#include "tools/search_folder.h"

namespace tasuki::tools {
namespace {

// What a search is about, checked before anything is written or trained: mistakes would show only
// after hours.
struct Searched {
  explicit Searched(const SearchOptions& search)
      : options(search),
        config(search.config.load()),
        name(config.message().name().empty()
                 ? std::filesystem::path(search.config.file).stem().string()
                 : config.message().name()),
        dataset(build_dataset(config, search.config.root())),
        tasks(task_names(config.message())) {
    if (tasks.size() < 2) throw config.error("model.task", "a search needs two tasks or more");
    std::vector<TaskGain> nothing;
    for (const auto& task : tasks) nothing.push_back({task, true, {}});
    judge(options.rule, nothing);
    for (const auto& strategy : options.strategies) {
      strategies.push_back(make_strategy(strategy, {tasks, epochs_of(config.message())}));
    }
    check_transfers();
    check_measurements();
  }

  // Every transfer is possible in the architecture.
  void check_transfers() const {
    Trial all = jointly(tasks);
    all.transfers = all_edges(tasks);
    const auto& file = options.config.file;
    Config model = config.message();
    model.mutable_train()->clear_hook();  // of the command line, the file knows nothing of them
    const auto text = trial_config(all, model, {file, 0, 0, 1});
    MultiTaskModel(
        parse_config(text, file, options.config.assignments),
        [&](const std::string& field) { return dataset->class_names(field); }, Network::kTraining);
  }

  // A training is long enough for what is measured in it.
  void check_measurements() const {
    if (std::all_of(strategies.begin(), strategies.end(),
                    [](const auto& strategy) { return strategy->scores_are_gains(); })) {
      return;
    }
    Experiment experiment;
    experiment.config = config;
    const auto loader = experiment.loader_options(Experiment::Pipeline::kTrain);
    const size_t samples = dataset->size(experiment.train_split());
    const size_t rest = loader.drop_last ? 0 : loader.batch_size - 1;
    const auto steps =
        uint64_t(epochs_of(config.message())) * ((samples + rest) / loader.batch_size);
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

  // Objectives times epochs, over all seeds; more than will run where strategies share trials.
  double planned_cost() const {
    const double once = double(tasks.size()) * double(epochs_of(config.message()));
    double cost = 2 * once;  // the chosen model, with as many transfers as tasks
    bool has_singles = false;
    for (const auto& strategy : strategies) {
      cost += strategy->planned_cost();
      has_singles = has_singles || strategy->name() == "enumerate";
    }
    if (!has_singles) cost += once;
    if (options.joint) cost += once;
    return cost * double(options.seeds);
  }

  const SearchOptions& options;
  ResolvedConfig config;
  std::string name;
  std::shared_ptr<const Dataset> dataset;
  std::vector<std::string> tasks;
  std::vector<std::unique_ptr<Strategy>> strategies;
};

Selection described(Selection selection, const Searched& about, const Strategy& strategy) {
  const auto& message = about.config.message();
  selection.set_strategy(strategy.name());
  if (!message.protocol().name().empty()) selection.set_protocol(message.protocol().name());
  selection.set_split(message.data().has_validation_split() ? message.data().validation_split()
                                                            : "val");
  selection.set_config(about.options.config.file);
  selection.set_config_crc32(print_of("", {about.config.text()}).ids_crc32);
  for (const auto seed : seeds_from(about.config, about.options.seeds)) selection.add_seed(seed);
  return selection;
}

// Trains what the strategy asks for until it asks for nothing more.
StrategyOutcome outcome_of(const Strategy& strategy, const Searched& about, SearchFolder& folder) {
  const size_t seeds = folder.findings().seeds().size();
  std::cout << "Strategy " << strategy.name() << ", " << seeds << (seeds == 1 ? " seed" : " seeds")
            << "\n";
  const auto finished = [&](const Trial& trial) { return folder.findings().has(trial); };
  auto trials = strategy.trials(folder.findings());
  while (!std::all_of(trials.begin(), trials.end(), finished)) {
    folder.train(trials);
    trials = strategy.trials(folder.findings());
  }
  const bool gains = strategy.scores_are_gains();
  const auto selection = select_transfers(about.tasks, strategy.scores(folder.findings()),
                                          gains ? about.options.margin : 0, gains);
  return {strategy.name(),
          strategy.unit(),
          described(selection, about, strategy),
          cost_of(trials, folder.findings(), about.tasks.size()),
          {}};
}

// Full enumeration is the reference: it chooses where it ran, and the others are held against it.
void put_chooser_first(std::vector<StrategyOutcome>& outcomes) {
  const auto full = std::find_if(outcomes.begin(), outcomes.end(),
                                 [](const auto& outcome) { return outcome.name == "enumerate"; });
  if (full == outcomes.end()) return;
  std::rotate(outcomes.begin(), full, full + 1);
  for (size_t i = 1; i < outcomes.size(); ++i) {
    outcomes[i].with_enumerate = agreement(outcomes[i].selection, outcomes[0].selection);
  }
}

Deployed deployed(const std::string& name, const Trial& trial, const Searched& about,
                  const SearchFolder& folder) {
  const auto job = folder.job(trial, folder.findings().seeds().front());
  return {name, trial.tasks, inference_parameters(load_config(job.config), *about.dataset),
          job.work_dir / kBestFile};
}

void add_inference(Decision& decision, const std::optional<Trial>& last, const Searched& about,
                   const SearchFolder& folder) {
  for (const auto& task : about.tasks) {
    decision.before.push_back(deployed(task + " alone", alone(task), about, folder));
  }
  if (last) decision.after.push_back(deployed("joint model", *last, about, folder));
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
  std::string tasks;
  for (const auto& task : about.tasks) {
    const bool predicted = std::find(joint.begin(), joint.end(), task) != joint.end();
    tasks += "  task { name: " + string_literal(task) +
             (predicted ? " joint: true }\n" : " joint: false }\n");
  }
  return "# Written by tasuki search. Decision: " +
         std::string(verdict.adopt ? "adopt" : "do not adopt") +
         ".\nbase: " + string_literal(kSearchedConfigFile) +
         "\nname: " + string_literal(about.name + " with transfers") + "\nmodel {\n" + tasks +
         "  self_auxiliary { [tasuki/FromSearch] { file: " +
         string_literal((absolute / kSelectionFile).string()) +
         " } }\n}\ntrain { weighting { [tasuki/EW] {} } }\n";
}

void write(Decision& decision, const Selection& selection, const Searched& about,
           const std::filesystem::path& folder) {
  write_selection(folder / kSelectionFile, selection);
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
  Decision decision;
  for (const auto& strategy : about.strategies) {
    decision.strategies.push_back(outcome_of(*strategy, about, folder));
  }
  put_chooser_first(decision.strategies);
  const auto& selection = decision.strategies.front().selection;
  const auto last = final_trial(selection);
  std::vector<Trial> wanted;
  for (const auto& task : about.tasks) wanted.push_back(alone(task));
  if (about.options.joint) wanted.push_back(jointly(about.tasks));
  if (last) wanted.push_back(*last);
  std::cout << "The chosen model\n";
  folder.train(wanted, true);
  decision.rule = about.options.rule;
  decision.config = about.name;
  decision.data = about.config.message().data().dataset().type_url();
  fill_decision(decision, about.tasks, last, folder.trials(), folder.findings());
  add_inference(decision, last, about, folder);
  write(decision, selection, about, folder.path());
  return decision;
}

}  // namespace

void run_search(const SearchOptions& options) {
  const Searched about(options);
  SearchFolder folder(about.folder(), options, about.config, *about.dataset, about.planned_cost());
  print_decision(decide(about, folder));
  std::cout << "Report: " << (folder.path() / kDecisionHtml).string() << "\n";
}

}  // namespace tasuki::tools
