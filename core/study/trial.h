#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tasuki/config/config_query.h"
#include "tasuki/study/study_base.h"

namespace tasuki {

// One training of a search: some of the config's tasks in a joint model, some transfers into them,
// weighting EW. Trained once for each seed.
struct Trial {
  std::vector<std::string> tasks;  // that the model predicts, in the config's order
  std::vector<Edge> transfers;
  int64_t epochs = 0;  // 0: as many as the config says
  bool measures_affinity = false;

  // Losses that a step has: what an epoch costs grows with them.
  size_t objectives() const { return tasks.size() + transfers.size(); }
  // Sources of transfers that the model does not predict, each once.
  std::vector<std::string> sources() const;
};

// A folder's name that says what the trial is, one for one: "seg+depth", "depth,seg~depth" with a
// transfer, "seg@2" over 2 epochs. Characters of task names other than letters, digits, "_", "-"
// are written as "%2B"; beyond 100 characters a checksum stands for the rest.
std::string trial_name(const Trial& trial);

struct TrialSetting {
  uint64_t seed = 0;
  uint32_t threads = 0;  // 0: as the config says
  // Steps between two measurements of the trial that measures affinity.
  uint32_t affinity_every = 10;
};

// What makes a trial's config of the searched one, whose resolved message is `config`, when it is
// laid over that: it takes out the other tasks and the policies, and sets transfers, weighting,
// seed and epochs. A warm-up of the learning rate shrinks with the epochs. The schedule is the
// config's, built for the trial's own length: one that goes by the share of the run that is done (a
// cosine, a polynomial) makes a short trial a short run; one that counts epochs (by steps,
// exponentially) is cut, which makes it the start of a long one.
Config trial_config(const Trial& trial, const Config& config, const StudyBase& study,
                    const TrialSetting& setting);

// The config's warm-up, shortened to a trial of so many of its epochs, rounded down: where it
// leaves a whole training a step, it leaves a shorter trial one as well.
int64_t warmup_steps(const Config& config, int64_t epochs);

}  // namespace tasuki
