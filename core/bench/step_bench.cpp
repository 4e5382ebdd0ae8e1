#include "tasuki/bench/step_bench.h"

#include <malloc.h>

#include <algorithm>
#include <fstream>

#include "tasuki/bench/cut_step.h"
#include "tasuki/bench/told_bytes.h"
#include "tasuki/engine/precision.h"
#include "tasuki/engine/training.h"
#include "tasuki/engine/weighting_choices.h"
#include "tasuki/engine/weighting_context.h"
#include "tasuki/model/exact_shortcuts.h"

namespace tasuki {
namespace {

constexpr double kMiB = 1 << 20;

// Most memory that the process held since reset_peak, in MiB.
double peak_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib / 1024;
  }
  return 0;
}

void reset_peak() {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";
}

Experiment experiment_of(const StepVariant& variant, const StepBench& bench) {
  const auto config = parse_config(bench.config.text(), bench.config.file(), variant.assignments);
  return build_experiment(for_this_machine(config), bench.data_root);
}

void build(StepVariant& variant, const StepBench& bench) {
  variant.run =
      std::make_unique<Run>(build_run(experiment_of(variant, bench), "", InitialWeights::kDrawn));
  auto timer = std::make_unique<PhaseTimer>();
  variant.timer = timer.get();
  variant.hooks.clear();
  variant.hooks.push_back({"timer", 50, std::move(timer)});
  variant.run->experiment.model->train();
}

StepSeconds step(StepVariant& variant) {
  variant.timer->start();
  Trainer(*variant.run, variant.hooks).step(variant.batch);
  if (variant.first_losses.empty()) variant.first_losses = variant.run->last.losses;
  return variant.timer->seconds();
}

// Each variant alone in memory: the first step allocates the optimiser's state.
constexpr int kMemorySteps = 2;
void measure_memory(StepVariant& variant, const StepBench& bench,
                    const std::function<void()>& at_step) {
  reset_peak();
  build(variant, bench);
  for (int i = 0; i < kMemorySteps; ++i) {
    const BackwardPassCounter counter(*variant.run);
    ToldBytes told;
    variant.run->collective = &told;
    step(variant);
    variant.passes = counter.counted();
    variant.told_mib = told.bytes() / kMiB;
    variant.told_calls = told.calls();
    at_step();
  }
  variant.peak_mib = peak_mib();
  variant.run.reset();
}

StepSeconds turn(StepVariant& variant, int steps, const std::function<void()>& at_step) {
  StepSeconds sum;
  for (int i = 0; i < steps; ++i) {
    const auto seconds = step(variant);
    at_step();
    sum.forward += seconds.forward / steps;
    sum.losses += seconds.losses / steps;
    sum.backward += seconds.backward / steps;
    sum.optimizer += seconds.optimizer / steps;
  }
  return sum;
}

}  // namespace

std::vector<StepVariant> step_variants(const ResolvedConfig& config) {
  std::vector<StepVariant> all;
  all.push_back({"plain fp32", without_shortcuts(config)});
  auto& plain = all.back().assignments;
  plain.insert(plain.end(), {"train.precision=FP32", "train.channels_last=false"});
  all.push_back({"fp32", {"train.precision=FP32"}});
  if (bf16_is_native(choose_device(config.message().train().device()))) {
    all.push_back({"bf16", {"train.precision=BF16"}});
  }
  return all;
}

std::vector<StepVariant> weighting_variants(const ResolvedConfig& config,
                                            const std::vector<std::string>& weightings) {
  const bool transfers = config.message().model().self_auxiliary_size() > 0;
  std::vector<StepVariant> all;
  for (const bool with : {false, true}) {
    if (with && !transfers) break;
    for (const auto& weighting : weightings) {
      all.push_back({weighting_name(weighting) + (with ? " + self-auxiliaries" : ""),
                     {"train.weighting=" + weighting}});
      if (!with && transfers) all.back().assignments.emplace_back("model.self_auxiliary=[]");
    }
  }
  return all;
}

Batch first_batch(const StepVariant& variant, const StepBench& bench) {
  const auto experiment = experiment_of(variant, bench);
  const auto source = experiment.source(experiment.train_split(), Experiment::Pipeline::kTrain);
  Loader loader(*source, experiment.loader_options(Experiment::Pipeline::kTrain));
  loader.start(0);
  auto batch = loader.next();
  if (!batch) {
    throw experiment.config.error("data.loader.batch_size",
                                  "split " + experiment.train_split() + " has less than one batch");
  }
  return std::move(*batch);
}

size_t step_count(size_t variants, const StepBench& bench) {
  const auto steps = size_t(bench.steps_per_turn), turns = size_t(bench.turns);
  const size_t others = variants - 1;
  const size_t first = steps * (1 + turns * std::max<size_t>(others, 1));
  return variants * kMemorySteps + first + others * steps * (1 + turns);
}

void measure_steps(std::vector<StepVariant>& variants, const StepBench& bench,
                   const std::function<void()>& at_step) {
  for (auto& variant : variants) variant.batch = first_batch(variant, bench);
  for (auto& variant : variants) measure_memory(variant, bench, at_step);
  const auto warm_up = [&](StepVariant& variant) {
    variant.first_losses.clear();
    build(variant, bench);
    turn(variant, bench.steps_per_turn, at_step);
  };
  auto& first = variants.at(0);
  warm_up(first);
  for (size_t k = 1; k < variants.size(); ++k) {
    warm_up(variants[k]);
    for (int i = 0; i < bench.turns; ++i) {
      first.seconds.push_back(turn(first, bench.steps_per_turn, at_step));
      variants[k].beside.push_back(first.seconds.back());
      variants[k].seconds.push_back(turn(variants[k], bench.steps_per_turn, at_step));
    }
    variants[k].run.reset();
  }
  if (variants.size() > 1) return;
  for (int i = 0; i < bench.turns; ++i) {
    first.seconds.push_back(turn(first, bench.steps_per_turn, at_step));
  }
}

std::optional<double> separate_passes_bound(StepVariant& first, const StepBench& bench) {
  const auto context = weighting_context(*first.run);
  if (!context.has_cut) return {};
  std::vector<double> ratios;
  auto own = std::move(first.run->weighting);
  first.run->weighting = std::make_unique<CutStep>();
  const auto& clock = dynamic_cast<const CutStep&>(*first.run->weighting);
  for (int i = 0; i < bench.turns; ++i) {
    const double seconds = step(first).total();
    ratios.push_back(1 + double(context.objectives.size() - 1) * clock.shared_seconds() / seconds);
  }
  first.run->weighting = std::move(own);
  return median(ratios);
}

double part_seconds(const StepVariant& variant, double (*of)(const StepSeconds&)) {
  std::vector<double> values;
  for (const auto& seconds : variant.seconds) values.push_back(of(seconds));
  return median(values);
}

double step_seconds(const StepVariant& variant) {
  return part_seconds(variant, [](const StepSeconds& s) { return s.total(); });
}

double ratio_to_first(const StepVariant& variant) {
  std::vector<double> ratios;
  for (size_t i = 0; i < variant.beside.size(); ++i) {
    ratios.push_back(variant.seconds[i].total() / variant.beside[i].total());
  }
  return ratios.empty() ? 1 : median(ratios);
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace tasuki
