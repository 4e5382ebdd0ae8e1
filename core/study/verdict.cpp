#include "tasuki/study/verdict.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>

#include "tasuki/error/error.h"

namespace tasuki {
namespace {

std::string percent(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g %%", value);
  return text;
}

class Judge {
 public:
  Judge(const Rule& rule, const std::vector<TaskGain>& gains, Evidence evidence)
      : rule_(rule), gains_(gains), tests_(evidence == Evidence::kFresh && rule.confidence > 0) {}

  // The conditions with this task as the target.
  Verdict with_target(const TaskGain& target) const {
    Verdict verdict;
    verdict.target = target.task;
    verdict.conditions.push_back(condition(
        target, target.task + " gains more than " + percent(rule_.least_gain), rule_.least_gain,
        false, rule_.target.empty() ? joint_tasks() : 1, &verdict.confidence_assessed));
    for (const auto& other : gains_) {
      if (other.task == target.task || !other.joint) continue;
      verdict.conditions.push_back(
          condition(other, other.task + " loses no more than " + percent(rule_.most_loss),
                    -rule_.most_loss, true, 1, &verdict.confidence_assessed));
    }
    verdict.adopt = std::all_of(verdict.conditions.begin(), verdict.conditions.end(),
                                [](const Condition& condition) { return condition.holds; });
    return verdict;
  }

  // Joint tasks that may be the target, the largest mean gain first.
  std::vector<const TaskGain*> targets() const {
    std::vector<const TaskGain*> found;
    for (const auto& gain : gains_) {
      if (gain.joint && (rule_.target.empty() || gain.task == rule_.target)) found.push_back(&gain);
    }
    // A gain that was not measured comes last.
    const auto mean = [](const TaskGain* gain) {
      const double value = spread_of(gain->by_seed).mean;
      return std::isnan(value) ? -std::numeric_limits<double>::infinity() : value;
    };
    std::stable_sort(found.begin(), found.end(),
                     [&](const TaskGain* a, const TaskGain* b) { return mean(a) > mean(b); });
    return found;
  }

 private:
  size_t joint_tasks() const {
    return size_t(std::count_if(gains_.begin(), gains_.end(),
                                [](const TaskGain& gain) { return gain.joint; }));
  }

  // The mean gain is above `bound` (or at it, where that is inclusive), and surely so, `tried`
  // conditions sharing the error.
  Condition condition(const TaskGain& gain, const std::string& text, double bound, bool inclusive,
                      size_t tried, bool* assessed) const {
    Condition found{text, spread_of(gain.by_seed), 1, false};
    found.holds = inclusive ? found.gain.mean >= bound : found.gain.mean > bound;
    if (!tests_ || gain.by_seed.size() < kLeastSeedsForTest) return found;
    *assessed = true;
    const auto test = paired_test(gain.by_seed, bound);
    if (!test) {  // a gain that is infinite or was not measured shows nothing
      found.holds = false;
      return found;
    }
    found.p = test->greater;
    found.holds = found.holds && found.p <= (1 - rule_.confidence) / double(tried);
    return found;
  }

  const Rule& rule_;
  const std::vector<TaskGain>& gains_;
  bool tests_;
};

std::string summary(const Verdict& verdict) {
  if (verdict.target.empty()) return "Every transfer hurts: no task is left in the joint model.";
  std::vector<std::string> failed;
  for (const auto& condition : verdict.conditions) {
    if (condition.holds) continue;
    failed.push_back(condition.text + " (measured: " + percent(condition.gain.mean) + ")");
  }
  if (verdict.adopt) {
    return verdict.target + " gains " + percent(verdict.conditions.front().gain.mean) +
           ", and no other task loses more than the rule allows.";
  }
  return "Not shown: " + join(failed, "; ") + ".";
}

void check_target(const Rule& rule, const std::vector<TaskGain>& gains) {
  std::vector<std::string> known;
  known.reserve(gains.size());
  for (const auto& gain : gains) known.push_back(gain.task);
  if (rule.target.empty() || std::count(known.begin(), known.end(), rule.target) > 0) return;
  throw Error(ErrorKind::kUsage, "--target " + rule.target + ": there is no such task" +
                                     did_you_mean(rule.target, known) +
                                     "; there are: " + join(known));
}

}  // namespace

Verdict judge(const Rule& rule, const std::vector<TaskGain>& gains, Evidence evidence) {
  check_target(rule, gains);
  const Judge judge(rule, gains, evidence);
  std::optional<Verdict> chosen;
  for (const auto* target : judge.targets()) {
    auto verdict = judge.with_target(*target);
    if (!chosen || (verdict.adopt && !chosen->adopt)) chosen = std::move(verdict);
  }
  Verdict verdict = chosen.value_or(Verdict{});
  verdict.exploratory = evidence == Evidence::kExploratory;
  verdict.summary = summary(verdict);
  if (!rule.target.empty() && verdict.target.empty()) {
    verdict.summary = rule.target + " is left out of the joint model: it can't gain.";
  }
  return verdict;
}

}  // namespace tasuki
