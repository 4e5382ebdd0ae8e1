#include <fmt/format.h>
#include <malloc.h>

#include <fstream>
#include <iostream>

#include "core/engine/precision.h"
#include "core/engine/trainer.h"
#include "tools/bench.h"

namespace tasuki::tools {
namespace {

// One way to run the same training step.
struct Variant {
  std::string name;
  std::vector<std::string> assignments;
  double peak_mib = 0;
  std::unique_ptr<Run> run;
  std::vector<NamedHook> hooks;
  std::vector<StepSeconds> seconds;
  std::map<std::string, double> first_losses;
};

std::vector<Variant> variants(const ResolvedConfig& config) {
  std::vector<std::string> plain = {"train.precision=FP32", "train.channels_last=false"};
  for (const auto& task : config.message().model().task()) {
    const auto options = Registry::instance().unpack(task.decoder());
    if (options->GetDescriptor()->FindFieldByName("exact_shortcuts") != nullptr) {
      plain.push_back("model.task[" + task.name() + "].decoder.exact_shortcuts=false");
    }
  }
  std::vector<Variant> all(2);
  all[0].name = "plain fp32";
  all[0].assignments = plain;
  all[1].name = "fp32";
  all[1].assignments = {"train.precision=FP32"};
  if (bf16_is_native(choose_device(config.message().train().device()))) {
    all.emplace_back();
    all.back().name = "bf16";
    all.back().assignments = {"train.precision=BF16"};
  }
  return all;
}

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

void build(Variant& variant, const BenchOptions& options) {
  ConfigOptions config = options.config;
  config.assignments.insert(config.assignments.end(), variant.assignments.begin(),
                            variant.assignments.end());
  variant.run = std::make_unique<Run>(build_run(
      build_experiment(config.load_for_machine(), config.root()), "", InitialWeights::kDrawn));
  variant.run->synchronize = true;
  variant.run->experiment.model->train();
}

void step(Variant& variant, const Batch& batch) {
  Trainer(*variant.run, variant.hooks).step(batch);
  if (variant.first_losses.empty()) variant.first_losses = variant.run->last.losses;
}

Batch first_batch(const BenchOptions& options) {
  const auto experiment =
      build_experiment(options.config.load_for_machine(), options.config.root());
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

// Each variant alone in memory, two steps: the first allocates the optimiser's state.
void measure_memory(Variant& variant, const Batch& batch, const BenchOptions& options) {
  reset_peak();
  build(variant, options);
  step(variant, batch);
  step(variant, batch);
  variant.peak_mib = peak_mib();
  variant.run.reset();
}

double part(const Variant& variant, double (*of)(const StepSeconds&)) {
  std::vector<double> values;
  for (const auto& seconds : variant.seconds) values.push_back(of(seconds));
  return median(values);
}

double total(const Variant& variant) {
  return part(variant, [](const StepSeconds& s) { return s.total(); });
}

// Median of the ratios of steps that were taken next to each other.
double speedup(const Variant& plain, const Variant& variant) {
  std::vector<double> ratios;
  for (size_t i = 0; i < variant.seconds.size(); ++i) {
    ratios.push_back(plain.seconds[i].total() / variant.seconds[i].total());
  }
  return median(ratios);
}

void print(const std::vector<Variant>& all, const Batch& batch) {
  const auto& image = batch.tensor("image");
  std::cout << fmt::format(
      "Training step, batch {} of {}x{}, {} threads; medians of {} steps, seconds\n", image.size(0),
      image.size(2), image.size(3), all[0].run->experiment.config.message().train().threads(),
      all[0].seconds.size());
  std::cout << fmt::format("{:<12}{:>10}{:>10}{:>10}{:>10}{:>10}{:>14}{:>12}\n", "variant",
                           "forward", "losses", "backward", "optimiser", "step", "plain/this",
                           "peak MiB");
  for (const auto& variant : all) {
    std::cout << fmt::format(
        "{:<12}{:>10.3f}{:>10.3f}{:>10.3f}{:>10.3f}{:>10.3f}{:>14.2f}{:>12.0f}\n", variant.name,
        part(variant, [](const StepSeconds& s) { return s.forward; }),
        part(variant, [](const StepSeconds& s) { return s.losses; }),
        part(variant, [](const StepSeconds& s) { return s.backward; }),
        part(variant, [](const StepSeconds& s) { return s.optimizer; }), total(variant),
        speedup(all[0], variant), variant.peak_mib);
  }
  for (const auto& [name, loss] : all[0].first_losses) {
    std::cout << "first loss of " << name << ":";
    for (const auto& variant : all) {
      std::cout << fmt::format("  {} {:.7g}", variant.name, variant.first_losses.at(name));
    }
    std::cout << "\n";
  }
}

}  // namespace

double bench_step(const BenchOptions& options) {
  auto all = variants(options.config.load());
  const auto batch = first_batch(options);
  for (auto& variant : all) measure_memory(variant, batch, options);
  for (auto& variant : all) {
    variant.first_losses.clear();
    build(variant, options);
    step(variant, batch);
  }
  for (int i = 0; i < options.steps; ++i) {
    for (auto& variant : all) {
      step(variant, batch);
      variant.seconds.push_back(variant.run->last.seconds);
    }
  }
  print(all, batch);
  double fastest = 0;
  for (const auto& variant : all) {
    fastest = std::max(fastest, double(batch.size()) / total(variant));
  }
  return fastest;
}

}  // namespace tasuki::tools
