#include "tools/bench_variant.h"

#include <fmt/format.h>
#include <malloc.h>

#include <fstream>
#include <iostream>

#include "tools/progress.h"

namespace tasuki::tools {
namespace {

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

Experiment experiment_of(const Variant& variant, const BenchOptions& options) {
  ConfigOptions config = options.config;
  config.assignments.insert(config.assignments.end(), variant.assignments.begin(),
                            variant.assignments.end());
  return build_experiment(config.load_for_machine(), config.root());
}

void build(Variant& variant, const BenchOptions& options) {
  variant.run =
      std::make_unique<Run>(build_run(experiment_of(variant, options), "", InitialWeights::kDrawn));
  auto timer = std::make_unique<PhaseTimer>();
  variant.timer = timer.get();
  variant.hooks.clear();
  variant.hooks.push_back({"timer", 50, std::move(timer)});
  variant.run->experiment.model->train();
}

StepSeconds step(Variant& variant) {
  variant.timer->start();
  Trainer(*variant.run, variant.hooks).step(variant.batch);
  if (variant.first_losses.empty()) variant.first_losses = variant.run->last.losses;
  return variant.timer->seconds();
}

// Each variant alone in memory: the first step allocates the optimiser's state.
constexpr int kMemorySteps = 2;
void measure_memory(Variant& variant, const BenchOptions& options, Progress& progress) {
  reset_peak();
  build(variant, options);
  for (int i = 0; i < kMemorySteps; ++i) {
    step(variant);
    progress.add();
  }
  variant.peak_mib = peak_mib();
  variant.run.reset();
}

StepSeconds turn(Variant& variant, int steps, Progress& progress) {
  StepSeconds sum;
  for (int i = 0; i < steps; ++i) {
    const auto seconds = step(variant);
    progress.add();
    sum.forward += seconds.forward / steps;
    sum.losses += seconds.losses / steps;
    sum.backward += seconds.backward / steps;
    sum.optimizer += seconds.optimizer / steps;
  }
  return sum;
}

void measure(std::vector<Variant>& variants, const BenchOptions& options, Progress& progress) {
  for (auto& variant : variants) measure_memory(variant, options, progress);
  for (auto& variant : variants) {
    variant.first_losses.clear();
    build(variant, options);
    turn(variant, options.steps_per_turn, progress);
  }
  for (int i = 0; i < options.steps; ++i) {
    for (auto& variant : variants) {
      variant.seconds.push_back(turn(variant, options.steps_per_turn, progress));
    }
  }
}

}  // namespace

Batch first_batch(const Variant& variant, const BenchOptions& options) {
  const auto experiment = experiment_of(variant, options);
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

void measure(std::vector<Variant>& variants, const BenchOptions& options) {
  for (auto& variant : variants) variant.batch = first_batch(variant, options);
  const auto timed = size_t(options.steps_per_turn) * size_t(1 + options.steps);
  {
    Progress progress("steps", variants.size() * (kMemorySteps + timed));
    measure(variants, options, progress);
  }
  const auto& image = variants[0].batch.tensor("image");
  std::cout << fmt::format(
      "Training step, batch {} of {}x{}, {} threads, {}; medians of {} turns of {}, seconds\n",
      image.size(0), image.size(2), image.size(3),
      variants[0].run->experiment.config.message().train().threads(),
      variants[0].run->experiment.device.str(), options.steps, options.steps_per_turn);
}

double part(const Variant& variant, double (*of)(const StepSeconds&)) {
  std::vector<double> values;
  for (const auto& seconds : variant.seconds) values.push_back(of(seconds));
  return median(values);
}

double total(const Variant& variant) {
  return part(variant, [](const StepSeconds& s) { return s.total(); });
}

double time_ratio(const Variant& a, const Variant& b) {
  std::vector<double> ratios;
  for (size_t i = 0; i < a.seconds.size(); ++i) {
    ratios.push_back(a.seconds[i].total() / b.seconds[i].total());
  }
  return median(ratios);
}

void print(const std::vector<Variant>& variants, const std::string& ratio_name,
           const std::function<double(const Variant&)>& ratio_of) {
  size_t width = 12;
  for (const auto& variant : variants) width = std::max(width, variant.name.size() + 1);
  std::cout << fmt::format("{:<{}}{:>10}{:>10}{:>10}{:>10}{:>10}{:>14}{:>12}\n", "variant", width,
                           "forward", "losses", "backward", "optimiser", "step", ratio_name,
                           "peak MiB");
  for (const auto& variant : variants) {
    std::cout << fmt::format(
        "{:<{}}{:>10.3f}{:>10.3f}{:>10.3f}{:>10.3f}{:>10.3f}{:>14.2f}{:>12.0f}\n", variant.name,
        width, part(variant, [](const StepSeconds& s) { return s.forward; }),
        part(variant, [](const StepSeconds& s) { return s.losses; }),
        part(variant, [](const StepSeconds& s) { return s.backward; }),
        part(variant, [](const StepSeconds& s) { return s.optimizer; }), total(variant),
        ratio_of(variant), variant.peak_mib);
  }
}

}  // namespace tasuki::tools
