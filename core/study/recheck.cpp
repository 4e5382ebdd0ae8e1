#include "tasuki/study/recheck.h"

#include <algorithm>
#include <ostream>
#include <set>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/data_prints.h"
#include "tasuki/engine/experiment.h"
#include "tasuki/model/safetensors.h"
#include "tasuki/study/plan.h"
#include "tasuki/study/recheck_decisions.h"
#include "tasuki/study/strategy.h"

namespace tasuki {
namespace {

// The selections that the config of a run is based on.
std::vector<std::filesystem::path> selections_of(const ResolvedConfig& config,
                                                 const StudyBase& base) {
  std::vector<std::filesystem::path> files;
  for (const auto& policy : config.message().model().self_auxiliary()) {
    if (auto file = base.selection_file(policy)) files.push_back(*std::move(file));
  }
  return files;
}

// The affinities that the search itself measured, where it did: of its first seed's joint training.
Affinities measured_then(const std::filesystem::path& folder, const SearchPlan& plan,
                         const Selection& selection) {
  std::vector<std::string> tasks;
  for (const auto& task : selection.task()) tasks.push_back(task.name());
  Trial trial = jointly(tasks);
  trial.measures_affinity = true;
  return read_affinities(folder / "trials" / trial_name(trial) /
                         ("seed_" + std::to_string(plan.conditions.seeds.front())) / kAffinityFile);
}

// The transfers that a run trained, by the decoders in its checkpoint; none without a checkpoint.
std::set<std::string> trained_transfers(const std::filesystem::path& run) {
  const std::string begin = "decoder.";
  std::set<std::string> found;
  if (!std::filesystem::exists(run / kBestFile)) return found;
  for (const auto& item : read_safetensors(run / kBestFile).tensors) {
    if (!is_auxiliary_tensor(item.first)) continue;
    const auto end = item.first.find('.', begin.size());
    found.insert(item.first.substr(begin.size(), end - begin.size()));
  }
  return found;
}

// A later call of the search may have written another selection than the run was trained by.
void check_is_of_run(const Selection& selection, const std::filesystem::path& file,
                     const std::filesystem::path& run, bool alone) {
  const auto trained = trained_transfers(run);
  std::set<std::string> included;
  for (const auto& edge : included_edges(selection)) included.insert(edge.text());
  const bool holds =
      alone ? trained == included
            : std::includes(trained.begin(), trained.end(), included.begin(), included.end());
  if (trained.empty() || holds) return;
  throw Error(ErrorKind::kUsage,
              file.string() + " has changed since " + run.string() + " was trained: it includes " +
                  join({included.begin(), included.end()}) + ", and the run has " +
                  join({trained.begin(), trained.end()}) + "; train by the selection as it is now");
}

// A run, and what it measured.
struct Rechecked {
  const std::filesystem::path& folder;
  const ResolvedConfig& config;
  std::shared_ptr<const Dataset> dataset;
  Affinities now;
  const StudyBase& base;
};

// Whether the decisions of one selection still hold.
bool recheck_selection(const Rechecked& run, const std::filesystem::path& file, std::ostream& out) {
  const auto folder = file.parent_path();
  const auto selection = read_selection(file);
  check_is_of_run(selection, file, run.folder,
                  run.config.message().model().self_auxiliary_size() == 1);
  const auto plan = read_plan(folder / kPlanFile);
  const auto changes = data_changes(plan.conditions.data, data_prints(run.config, *run.dataset));
  for (const auto& change : changes) out << "Data changed: " << change << "\n";
  if (run.now.empty()) {
    out << (run.folder / kAffinityFile).string() << " is not there: give the run the hook ["
        << run.base.affinity_name() << "] to measure.\n";
  }
  const auto checks = recheck_decisions(selection, measured_then(folder, plan, selection), run.now);
  for (const auto& check : checks) out << check.text << "\n";
  return changes.empty() && std::none_of(checks.begin(), checks.end(), [](const auto& check) {
           return check.state == RecheckState::kChanged;
         });
}

}  // namespace

bool recheck(const std::filesystem::path& run, const RecheckOptions& options, std::ostream& out) {
  const StudyBase base(options.base);
  const auto config = load_config(run / kConfigFile, options.assignments);
  const auto selections = selections_of(config, base);
  if (selections.empty()) {
    throw Error(ErrorKind::kUsage, (run / kConfigFile).string() +
                                       ": the run is not based on a search: it has no "
                                       "model.self_auxiliary [" +
                                       base.selection_name() + "]");
  }
  const Rechecked about{run, config, build_dataset(config, options.data_root),
                        read_affinities(run / kAffinityFile), base};
  bool holds = true;
  for (const auto& file : selections) holds = recheck_selection(about, file, out) && holds;
  out << (holds ? "Nothing speaks against the decisions.\n"
                : "Some decisions no longer hold, or the data are others now.\n");
  return holds;
}

}  // namespace tasuki
