#include "tasuki/study/search_folder.h"

#include <algorithm>
#include <ostream>
#include <set>

#include "tasuki/config/completed_text.h"
#include "tasuki/config/config_change.h"
#include "tasuki/config/writer.h"
#include "tasuki/io/files.h"
#include "tasuki/study/left_aside.h"
#include "tasuki/study/network_facts.h"
#include "tasuki/study/present_conditions.h"
#include "tasuki/study/trial.h"

namespace tasuki {

SearchFolder::SearchFolder(const std::filesystem::path& folder, const SearchOptions& options,
                           const ResolvedConfig& config, const StudyBase& base,
                           const Dataset& dataset, TrainQueue& queue, std::ostream& out)
    : path_(folder),
      config_(config),
      base_(base),
      queue_(queue),
      out_(out),
      lock_(folder, FolderLock::Holder::kWithChildren, kLockPatience),
      infos_(metric_infos(config, dataset)) {
  open(options, dataset);
}

void SearchFolder::open(const SearchOptions& options, const Dataset& dataset) {
  plan_ = {config_.file(),
           options.strategies,
           conditions_of({&config_}, dataset, options.seeds, options.jobs),
           options.margin,
           options.affinity_every,
           {},
           verdict_seeds_of(config_, options.verdict_seeds)};
  const auto refuse = [&](const std::string& why) {
    return Error(ErrorKind::kUsage, path_.string() + " holds another search: " + why +
                                        "; its trials would not fit. Go on with the same, or give "
                                        "another --work-dir");
  };
  const auto plan_file = path_ / kPlanFile, config_file = path_ / kSearchedConfigFile;
  if (std::filesystem::exists(plan_file)) {
    const auto change = config_change(completed_config(read_file(config_file)), config_.text());
    if (!change.empty()) throw refuse(change);
    const auto kept = read_plan(plan_file);
    const auto why = obstacle(kept, plan_);
    if (!why.empty()) throw refuse(why);
    const auto other_base = study_base_change(path_, base_);
    if (!other_base.empty()) throw refuse(other_base);
    plan_ = continued(kept, std::move(plan_));
    if (!kept.verdict_seeds) {
      out_ << path_.string()
           << " was begun by a version whose verdict was by the seeds that chose; what is "
              "finished goes on choosing, and the verdict is measured as it is now.\n";
    }
  } else {
    check_is_new(config_file);
    write_file_atomically(config_file, config_.text());
  }
  write_file_atomically(path_ / kStudyBaseFile, base_.config().given_text());
  write_plan(plan_file, plan_);
  auto seeds = plan_.conditions.seeds;
  if (plan_.verdict_seeds) {
    seeds.insert(seeds.end(), plan_.verdict_seeds->begin(), plan_.verdict_seeds->end());
  }
  print_left_aside(path_ / "trials", seeds, out_);
}

// A kill before the plan was written leaves this very config; another is somebody else's work, and
// so is whatever only a later search could have written.
void SearchFolder::check_is_new(const std::filesystem::path& config_file) const {
  for (const char* name : {kSelectionFile, kNextFile, kDecisionJson, kDecisionHtml, "trials"}) {
    if (!std::filesystem::exists(path_ / name)) continue;
    throw Error(ErrorKind::kUsage, (path_ / name).string() + " is there already, without " +
                                       kPlanFile + " of a search; give another --work-dir");
  }
  if (!std::filesystem::exists(config_file)) return;
  const auto change = config_change(completed_config(read_file(config_file)), config_.text());
  if (change.empty()) return;
  throw Error(ErrorKind::kUsage, path_.string() + " is the folder of something else, without " +
                                     kPlanFile + ": " + change + "; give another --work-dir");
}

TrainJob SearchFolder::job(const Trial& trial, uint64_t seed) const {
  const auto place = path_ / "trials" / trial_name(trial);
  const auto seed_name = "seed_" + std::to_string(seed);
  TrainJob job;
  job.label = trial_name(trial) + ", seed " + std::to_string(seed);
  job.config = place / (seed_name + ".pbtxt");
  job.work_dir = place / seed_name;
  job.epochs = trial.epochs == 0 ? epochs_of(config_.message()) : trial.epochs;
  job.cost = double(job.epochs) * double(trial.objectives());
  return job;
}

// The trial's config file; the same whenever it is written.
void SearchFolder::describe(const Trial& trial, uint64_t seed) const {
  const auto file = job(trial, seed).config;
  if (std::filesystem::exists(file)) return;
  const TrialSetting setting{seed, threads_of(config_, plan_.conditions), plan_.affinity_every};
  auto layer = trial_config(trial, config_.message(), base_, setting);
  layer.add_base((std::filesystem::path("..") / ".." / kSearchedConfigFile).string());
  write_file_atomically(file, write_text(layer));
}

void SearchFolder::announce(const std::string& purpose, const std::vector<uint64_t>& seeds) {
  out_ << purpose << ", " << seeds.size() << (seeds.size() == 1 ? " seed" : " seeds") << "\n";
}

void SearchFolder::train(const std::vector<Trial>& trials, Findings& findings, bool last) {
  std::vector<TrainJob> jobs;
  std::set<std::string> asked;  // the chosen model may be one that is wanted anyway
  for (const auto& trial : trials) {
    if (findings.has(trial) || !asked.insert(trial_name(trial)).second) continue;
    auto& known = plan_.trials;
    const auto name = trial_name(trial);
    if (std::find(known.begin(), known.end(), name) == known.end()) known.push_back(name);
    for (const uint64_t seed : findings.seeds()) {
      describe(trial, seed);
      jobs.push_back(job(trial, seed));
    }
  }
  write_plan(path_ / kPlanFile, plan_);
  queue_.run(jobs, last);
  for (const auto& trial : trials) {
    for (const uint64_t seed : findings.seeds()) {
      if (findings.has(trial, seed)) continue;
      findings.add(trial, seed, read_trial_result(job(trial, seed).work_dir, infos_));
    }
  }
}

}  // namespace tasuki
