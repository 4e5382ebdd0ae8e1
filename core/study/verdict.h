#pragma once

#include <string>
#include <vector>

#include "tasuki/study/statistics.h"

namespace tasuki {

// When a joint model with self-auxiliaries is worth having.
struct Rule {
  std::string target;        // the task that is to gain; empty: any one of them
  double least_gain = 0;     // percent; the target gains more than this
  double most_loss = 1;      // percent; no other task loses more than this
  double confidence = 0.95;  // of each condition, from three seeds on; 0: the means alone decide
};

// What a task gained over its single-task model, in percent, by seed. A task that is not joint is
// served by that single-task model: its gain is 0.
struct TaskGain {
  std::string task;
  bool joint = true;
  std::vector<double> by_seed;
};

// One condition of the rule, as it came out.
struct Condition {
  std::string text;  // "normal gains more than 0 %"
  Spread gain;
  double p = 1;  // one-sided, of the opposite; 1 where it was not assessed
  bool holds = false;
};

// What the gains are measured with.
enum class Evidence {
  kFresh,        // trainings that had no part in choosing what is judged
  kExploratory,  // the trainings that chose it: too favourable, so that no test means anything
};

struct Verdict {
  bool adopt = false;
  bool exploratory = false;
  bool confidence_assessed = false;
  std::string target;  // that the conditions are about; empty when no task could gain
  std::vector<Condition> conditions;
  std::string summary;  // one sentence
};

// Each condition must hold for the mean over seeds; with three seeds or more also by a one-sided
// paired t test at the rule's confidence: the target's gain is above least_gain, every other joint
// task's is above -most_loss. Exploratory evidence is never tested: the means alone decide. Where
// any task may be the target, the one with the largest mean for which all conditions hold is taken
// (else the one with the largest mean), and its test uses (1 - confidence) / (number of joint
// tasks), because so many are tried (Bonferroni). Error (kUsage) where the rule's target is none of
// the tasks.
Verdict judge(const Rule& rule, const std::vector<TaskGain>& gains,
              Evidence evidence = Evidence::kFresh);

}  // namespace tasuki
