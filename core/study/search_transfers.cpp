#include "tasuki/study/search_transfers.h"

#include <algorithm>
#include <set>

namespace tasuki {
namespace {

// Trains what the strategy asks for until it asks for nothing more. Its trials are added to `all`.
StrategyOutcome outcome_of(const Strategy& strategy, const SearchSetting& setting,
                           TrialTrainer& trainer, Findings& findings, std::vector<Trial>& all) {
  trainer.announce("Strategy " + strategy.name(), findings.seeds());
  const auto finished = [&](const Trial& trial) { return findings.has(trial); };
  auto trials = strategy.trials(findings);
  while (!std::all_of(trials.begin(), trials.end(), finished)) {
    trainer.train(trials, findings, false);
    trials = strategy.trials(findings);
  }
  all.insert(all.end(), trials.begin(), trials.end());
  const bool gains = strategy.scores_are_gains();
  return {
      strategy.name(),
      strategy.unit(),
      select_transfers(setting.tasks, strategy.scores(findings), gains ? setting.margin : 0, gains),
      cost_of(trials, findings, setting.tasks.size()),
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

// Both arms: the single-task models and the chosen model.
std::vector<Trial> trials_to_judge(const SearchSetting& setting,
                                   const std::optional<Trial>& chosen) {
  std::vector<Trial> trials;
  for (const auto& task : setting.tasks) trials.push_back(alone(task));
  if (setting.plain_joint) trials.push_back(jointly(setting.tasks));
  if (chosen) trials.push_back(*chosen);
  return trials;
}

std::vector<Trial> without(const std::vector<Trial>& trials, const std::vector<Trial>& others) {
  std::set<std::string> names;
  for (const auto& trial : others) names.insert(trial_name(trial));
  std::vector<Trial> left;
  for (const auto& trial : trials) {
    if (names.count(trial_name(trial)) == 0) left.push_back(trial);
  }
  return left;
}

}  // namespace

Decision search_transfers(const std::vector<std::unique_ptr<Strategy>>& strategies,
                          const SearchSetting& setting, TrialTrainer& trainer) {
  Decision decision;
  decision.rule = setting.rule;
  decision.seeds = setting.seeds;
  Findings choosing(setting.seeds);
  std::vector<Trial> chose;
  for (const auto& strategy : strategies) {
    decision.strategies.push_back(outcome_of(*strategy, setting, trainer, choosing, chose));
  }
  put_chooser_first(decision.strategies);
  const auto chosen = final_trial(decision.strategies.front().selection);

  const bool exploratory = setting.verdict_seeds.empty();
  Findings fresh(setting.verdict_seeds);
  Findings& judging = exploratory ? choosing : fresh;
  auto judged = trials_to_judge(setting, chosen);
  trainer.announce(exploratory ? "The chosen model" : "Verdict on the chosen model",
                   judging.seeds());
  trainer.train(judged, judging, true);
  fill_decision(decision, setting.tasks, chosen, judging,
                exploratory ? Evidence::kExploratory : Evidence::kFresh);
  decision.choosing = cost_of(chose, choosing, setting.tasks.size());
  if (exploratory) judged = without(judged, chose);
  decision.judging = cost_of(judged, judging, setting.tasks.size());
  return decision;
}

}  // namespace tasuki
