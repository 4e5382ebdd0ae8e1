#include "tasuki/engine/resume.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/config_difference.h"
#include "tasuki/engine/data_prints.h"
#include "tasuki/io/files.h"
#include "tasuki/model/safetensors.h"
#include "tasuki/stamp.h"

namespace tasuki {
namespace {

using nlohmann::json;
using Metadata = std::map<std::string, std::string>;

std::string value_of(const Metadata& metadata, const char* key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? std::string() : found->second;
}

Error refused(const std::filesystem::path& file, const std::string& problem) {
  return Error(ErrorKind::kUsage, file.string() + " " + problem);
}

int64_t number_of(const Metadata& metadata, const char* key) {
  return std::strtoll(value_of(metadata, key).c_str(), nullptr, 10);
}

// What a note begins with: "after epoch 3: ", "after epoch 3 and 20 steps: ".
std::string place(const Metadata& metadata) {
  const auto steps = value_of(metadata, "epoch_step");
  return "after epoch " + value_of(metadata, "epoch") +
         (steps.empty() ? "" : " and " + steps + " steps") + ": ";
}

void check_build(Run& run, const Metadata& metadata, const std::filesystem::path& file,
                 bool accepted) {
  const auto stamp = value_of(metadata, "stamp");
  if (stamp == kStamp) return;
  if (!accepted) {
    throw refused(file,
                  "was written by another build, whose sums may be rounded otherwise, so "
                  "that the run would not be the same as if it had not been stopped\n  "
                  "file: " +
                      stamp + "\n  this program: " + kStamp +
                      "\nresume with that build, or with this one by --accept-other-build");
  }
  run.notes.push_back(place(metadata) + "another build, " + kStamp + " (before: " + stamp + ")");
}

void check_machine(Run& run, const ConfigDifference& difference, const Metadata& metadata,
                   const std::filesystem::path& file, bool accepted) {
  if (difference.machine.empty()) return;
  std::vector<std::string> changes, settings;
  for (const auto& setting : difference.machine) {
    changes.push_back(setting.text());
    settings.push_back("--set " + setting.path + "=" + setting.was);
  }
  const auto what = join(changes, "; ");
  if (!accepted) {
    throw refused(
        file, "was written on another machine, or under another limit of processors: " + what +
                  ". Where a config leaves them open, the machine decides them; sums "
                  "are rounded otherwise then, and the run would not be the same as if "
                  "it had not been stopped. Go on as before with " +
                  join(settings, " ") + ", or as this machine has it with --accept-other-machine");
  }
  run.notes.push_back(place(metadata) + "another machine: " + what);
}

std::string short_text(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3g", value);
  return text;
}

// The learning rate's factor at a step, as a run of `epochs` has it.
double schedule_factor(const Run& run, int64_t epochs, int64_t step) {
  const auto& config = run.experiment.config;
  const auto& train = config.message().train();
  const int64_t warmup = train.warmup_steps();
  const int64_t steps = epochs * run.steps_per_epoch - warmup;
  if (step < warmup || steps < 1) return double(step + 1) / double(std::max<int64_t>(warmup, 1));
  const auto schedule =
      config.create<Schedule>("train.schedule", train.schedule(), {run.steps_per_epoch, steps});
  return schedule->factor(std::min(step - warmup, steps - 1));
}

void check_epochs(Run& run, const ConfigDifference& difference, const Metadata& metadata,
                  const std::filesystem::path& file) {
  const int64_t done = number_of(metadata, "epoch"), steps = number_of(metadata, "epoch_step");
  if (difference.epochs_now < done + (steps > 0 ? 1 : 0)) {
    throw refused(file, "has " + std::to_string(done) + " finished epochs" +
                            (steps > 0 ? " and begun another" : "") + ", more than train.epochs " +
                            std::to_string(difference.epochs_now) + "; give at least as many");
  }
  if (difference.epochs_now == difference.epochs_before) return;
  const double base = run.optimizer->base_learning_rate();
  const int64_t step = done * run.steps_per_epoch + steps;
  const auto now = std::to_string(difference.epochs_now);
  run.notes.push_back(
      place(metadata) + "train.epochs was " + std::to_string(difference.epochs_before) +
      " and now is " + now + ": the schedule spans all " + now +
      " from the first step on, so that the learning rate goes on from " +
      short_text(base * schedule_factor(run, difference.epochs_now, step)) +
      ", where it would have been " +
      short_text(base * schedule_factor(run, difference.epochs_before, step)) + "; a run of " +
      now + " epochs from the start would have had other rates until here");
}

ConfigDifference check_config(const Run& run, const Metadata& metadata,
                              const std::filesystem::path& file, ResolvedConfig& before) {
  before = parse_config(value_of(metadata, "config"), file.string() + " (its config)");
  auto difference = config_difference(before, run.experiment.config);
  if (difference.results.empty()) return difference;
  throw refused(file, "is of another config: " + difference.results + "; resume with that one (" +
                          kConfigFile +
                          " beside it), or train into another --work-dir, where --init FILE takes "
                          "the weights over");
}

// Splits that figures and weights depend on; a pack has its samples behind a part of the pipeline.
std::vector<SplitPrint> used_prints(const std::vector<SplitPrint>& all, const std::string& split,
                                    bool ids_alone) {
  std::vector<SplitPrint> used;
  for (auto print : all) {
    if (print.split != split) continue;
    if (ids_alone) print.content_crc32 = 0;
    used.push_back(print);
  }
  return used;
}

ResumeCheck check_data(Run& run, const Metadata& metadata, const std::filesystem::path& file,
                       const ResolvedConfig& before, bool accepted) {
  const auto& config = run.experiment.config;
  run.data = data_prints(config, *run.experiment.dataset);
  const auto text = value_of(metadata, "data");
  if (text.empty()) return {};
  const auto then = json::parse(text).get<std::vector<SplitPrint>>();
  const bool ids_alone = before.message().data().pack() != config.message().data().pack();
  const auto changes_of = [&](const std::string& split) {
    return data_changes(used_prints(then, split, ids_alone),
                        used_prints(run.data, split, ids_alone));
  };
  auto changes = changes_of(run.experiment.train_split());
  const auto of_validation = changes_of(run.experiment.validation_split());
  const ResumeCheck check{!changes.empty(), !of_validation.empty()};
  for (const auto& change : of_validation) {
    if (std::find(changes.begin(), changes.end(), change) == changes.end()) {
      changes.push_back(change);
    }
  }
  if (changes.empty()) return check;
  const auto what = join(changes, "; ");
  if (!accepted) {
    throw refused(file, "was trained on other data: " + what +
                            ". Bring them back, train into another --work-dir, or go on with the "
                            "data as they are by --accept-changed-data (results name it)");
  }
  run.notes.push_back(place(metadata) + "other data: " + what +
                      (check.validation_data_changed ? "; the best epoch is chosen anew" : ""));
  return check;
}

// Whether a file holds the weights of the run's best epoch; one that is damaged does not. Files of
// before had no score.
bool is_of_best(const Run& run, const std::filesystem::path& file) {
  if (!path_exists(file)) return false;
  Metadata metadata;
  try {
    metadata = read_safetensors_metadata(file);
  } catch (const Error&) {
    return false;
  }
  const auto score = value_of(metadata, "score");
  return value_of(metadata, "epoch") == std::to_string(run.best_epoch) &&
         (score.empty() || score == score_text(run.best_score));
}

// The weights of the training state are those of the best epoch.
void write_best_again(Run& run, const std::filesystem::path& file) {
  run.evaluation = run.best_evaluation;
  run.score = run.best_score;
  --run.epoch;
  save_weights(run, file);
  ++run.epoch;
  run.evaluation.reset();
}

// Not refused: a config means the same on any number of them, but for the order of sums.
void note_processes(Run& run, const Metadata& metadata) {
  const auto text = value_of(metadata, "processes");
  const auto now = std::to_string(run.experiment.processes),
             before = text.empty() ? std::string("1") : text;
  if (now == before) return;
  run.notes.push_back(place(metadata) + "processes: " + now + " (before: " + before +
                      "); sums are rounded otherwise, dropout draws other numbers");
}

}  // namespace

std::string score_text(double score) {
  char text[64];
  std::snprintf(text, sizeof(text), "%a", score);
  return text;
}

ResumeCheck check_resume(Run& run, const Metadata& metadata, const std::filesystem::path& file,
                         const Accepted& accepted) {
  ResolvedConfig before;
  const auto difference = check_config(run, metadata, file, before);
  check_machine(run, difference, metadata, file, accepted.other_machine);
  check_build(run, metadata, file, accepted.other_build);
  const auto check = check_data(run, metadata, file, before, accepted.changed_data);
  check_epochs(run, difference, metadata, file);
  note_processes(run, metadata);
  return check;
}

void check_objectives(const Run& run, const std::vector<std::string>& tensor_names,
                      const std::filesystem::path& file) {
  const std::string begin = "model.decoder.";
  std::set<std::string> trained, wanted;
  for (const auto& name : tensor_names) {
    if (name.starts_with(begin)) {
      trained.insert(name.substr(begin.size(), name.find('.', begin.size()) - begin.size()));
    }
  }
  for (const auto& objective : run.objectives()) wanted.insert(objective.name);
  if (trained == wanted) return;
  throw refused(file, "was trained with the objectives " + join({trained.begin(), trained.end()}) +
                          ", and the config now makes " + join({wanted.begin(), wanted.end()}) +
                          ": what model.self_auxiliary reads, the selection of a search, has "
                          "changed since; bring it back, or train into another --work-dir");
}

void repair_best(Run& run, const std::filesystem::path& work_dir) {
  const auto best = work_dir / kBestFile, previous = work_dir / kPreviousBestFile;
  if (run.best_epoch == 0) return;
  if (!is_of_best(run, best)) {
    if (is_of_best(run, previous)) {
      std::filesystem::rename(previous, best);
    } else if (run.best_epoch == run.epoch && run.epoch_step == 0) {
      write_best_again(run, best);
    } else {
      run.notes.push_back("after epoch " + std::to_string(run.epoch) + ": " + kBestFile +
                          " did not hold the best epoch, " + std::to_string(run.best_epoch) +
                          "; the best is chosen anew from there on");
      run.best_epoch = 0;
      run.best_score = 0;
      run.best_evaluation.reset();
    }
  }
  std::error_code none;
  std::filesystem::remove(previous, none);
}

}  // namespace tasuki
