#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tasuki/bench/backward_passes.h"
#include "tasuki/engine/phase_timer.h"
#include "tasuki/engine/trainer.h"

namespace tasuki {

// The training step of a config, and how often it is measured.
struct StepBench {
  ResolvedConfig config;
  std::filesystem::path data_root;
  int turns = 5;           // measured ones, of each variant
  int steps_per_turn = 1;  // k for a weighting that does its work at every k-th step
};

// One way to run the same step: the config with some assignments more.
struct StepVariant {
  std::string name;
  std::vector<std::string> assignments = {};
  Batch batch = {};  // first_batch
  double peak_mib = 0;
  std::unique_ptr<Run> run = {};
  std::vector<NamedHook> hooks = {};
  PhaseTimer* timer = nullptr;  // one of the hooks
  // Of each measured turn, the means over its steps, and those of the first variant's turn before
  // it.
  std::vector<StepSeconds> seconds = {};
  std::vector<StepSeconds> beside = {};
  BackwardPasses passes = {};  // of a step
  // What each process of a training in several tells the others in a step (ToldBytes), and in how
  // many sums and broadcasts.
  double told_mib = 0;
  int64_t told_calls = 0;
  std::map<std::string, double> first_losses = {};
};

// Ways to run the step of a config: plain (fp32, NCHW, every convolution as LibTorch does it),
// fp32, and bf16 where it is native.
std::vector<StepVariant> step_variants(const ResolvedConfig& config);
// The step with each of these weightings ("[acme/Mine]{every: 4}"), first without the config's
// self-auxiliaries and then, where it has some, with them.
std::vector<StepVariant> weighting_variants(const ResolvedConfig& config,
                                            const std::vector<std::string>& weightings);

// The config's first batch, as the variant stores batches: the same samples for all of them.
Batch first_batch(const StepVariant& variant, const StepBench& bench);

// How many steps measuring so many variants takes.
size_t step_count(size_t variants, const StepBench& bench);
// Measures the variants on the first batch of the config: the memory of each alone, then the time
// of each in turns with the first one, so that ratios hold while the machine's speed drifts. No
// more than two are in memory at once; the first one's run stays. Calls `at_step` after each step.
void measure_steps(std::vector<StepVariant>& variants, const StepBench& bench,
                   const std::function<void()>& at_step);

// Median over the turns of one part of the step, in seconds.
double part_seconds(const StepVariant& variant, double (*of)(const StepSeconds&));
// The same of the whole step.
double step_seconds(const StepVariant& variant);
// Median of the ratios of its turns to those of the first variant next to them.
double ratio_to_first(const StepVariant& variant);
// What a step at least takes that walks through the shared part once for each objective, as a ratio
// to the first variant's step: 1 + (objectives - 1) shared part's walk / step. The median over as
// many turns; nothing where the architecture names no features at which its routes part. After
// measure_steps, of variants whose first is EW.
std::optional<double> separate_passes_bound(StepVariant& first, const StepBench& bench);

// The middle one; for an even count the mean of the middle two; 0 of none.
double median(std::vector<double> values);

}  // namespace tasuki
