#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/engine/phase_timer.h"
#include "core/engine/trainer.h"
#include "tools/bench.h"

namespace tasuki::tools {

// One way to run the same training step: a config with some assignments more.
struct Variant {
  std::string name;
  std::vector<std::string> assignments;
  Batch batch;  // first_batch
  double peak_mib = 0;
  std::unique_ptr<Run> run;
  std::vector<NamedHook> hooks;
  PhaseTimer* timer = nullptr;  // one of the hooks
  // Of each measured turn, the means over its steps.
  std::vector<StepSeconds> seconds;
  std::map<std::string, double> first_losses;
};

// Ways to run the step of a config: plain (fp32, NCHW, every convolution as LibTorch does it),
// fp32, and bf16 where it is native.
std::vector<Variant> step_variants(const ResolvedConfig& config);

// The config's first batch, as the variant stores batches: the same samples for all of them.
Batch first_batch(const Variant& variant, const BenchOptions& options);

// Measures the variants on the first batch of the config: the memory of each alone, then the time
// of each in turns of options.steps_per_turn steps.
void measure(std::vector<Variant>& variants, const BenchOptions& options);

// Median over the turns of one part of the step, in seconds.
double part(const Variant& variant, double (*of)(const StepSeconds&));
// The same of the whole step.
double total(const Variant& variant);
// Median of the ratios a / b of turns that were taken next to each other.
double time_ratio(const Variant& a, const Variant& b);

// Prints the table with one more column, `ratio_of(variant)` under `ratio_name`.
void print(const std::vector<Variant>& variants, const std::string& ratio_name,
           const std::function<double(const Variant&)>& ratio_of);

}  // namespace tasuki::tools
