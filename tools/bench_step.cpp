#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "tasuki/bench/step_bench.h"
#include "tasuki/engine/process_settings.h"
#include "tools/bench.h"
#include "tools/progress.h"
#include "tools/weighting_option.h"

namespace tasuki::tools {
namespace {

constexpr const char* kEqual = "[tasuki/EW]{}";

StepBench bench_of(const BenchOptions& options) {
  return {options.config.load(), options.config.root(), options.steps, options.steps_per_turn};
}

// With the config's threads, which the caller has set.
void measure(std::vector<StepVariant>& variants, const StepBench& bench) {
  {
    Progress progress("steps", step_count(variants.size(), bench));
    measure_steps(variants, bench, [&] { progress.add(); });
  }
  const auto& image = variants[0].batch.tensor("image");
  std::cout << fmt::format(
      "Training step, batch {} of {}x{}, {} threads, {}; medians of {} turns of {}, seconds\n",
      image.size(0), image.size(2), image.size(3),
      variants[0].run->experiment.config.message().train().threads(),
      variants[0].run->experiment.device.str(), bench.turns, bench.steps_per_turn);
}

// A column after those of the step's phases.
struct Column {
  std::string name;
  std::function<std::string(const StepVariant&)> cell;
};

void print(const std::vector<StepVariant>& variants, const std::vector<Column>& columns) {
  size_t width = 12;
  for (const auto& variant : variants) width = std::max(width, variant.name.size() + 1);
  std::cout << fmt::format("{:<{}}{:>10}{:>10}{:>10}{:>10}{:>10}", "variant", width, "forward",
                           "losses", "backward", "optimiser", "step");
  for (const auto& column : columns) std::cout << fmt::format("{:>12}", column.name);
  std::cout << "\n";
  for (const auto& variant : variants) {
    std::cout << fmt::format(
        "{:<{}}{:>10.3f}{:>10.3f}{:>10.3f}{:>10.3f}{:>10.3f}", variant.name, width,
        part_seconds(variant, [](const StepSeconds& s) { return s.forward; }),
        part_seconds(variant, [](const StepSeconds& s) { return s.losses; }),
        part_seconds(variant, [](const StepSeconds& s) { return s.backward; }),
        part_seconds(variant, [](const StepSeconds& s) { return s.optimizer; }),
        step_seconds(variant));
    for (const auto& column : columns) std::cout << fmt::format("{:>12}", column.cell(variant));
    std::cout << "\n";
  }
}

const Column kPeak = {"peak MiB",
                      [](const StepVariant& v) { return fmt::format("{:.0f}", v.peak_mib); }};

void print_first_losses(const std::vector<StepVariant>& all) {
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
  const auto bench = bench_of(options);
  const ThreadSettings threads(bench.config.message().train().threads());
  auto all = step_variants(bench.config);
  measure(all, bench);
  print(all, {{"plain/this",
               [](const StepVariant& v) { return fmt::format("{:.2f}", 1 / ratio_to_first(v)); }},
              kPeak});
  print_first_losses(all);
  double fastest = 0;
  const auto& loader = all[0].run->experiment.loader_options(Experiment::Pipeline::kTrain);
  for (const auto& variant : all) {
    fastest = std::max(fastest, double(loader.batch_size) / step_seconds(variant));
  }
  return fastest;
}

void bench_weightings(const BenchOptions& options) {
  const auto bench = bench_of(options);
  const ThreadSettings threads(bench.config.message().train().threads());
  std::vector<std::string> left_out;
  auto weightings =
      asked_weightings(bench.config, options.config.root(), options.weightings, left_out);
  std::erase(weightings, kEqual);
  weightings.insert(weightings.begin(), kEqual);
  auto all = weighting_variants(bench.config, weightings);
  measure(all, bench);
  print(all,
        {{"this/EW", [](const StepVariant& v) { return fmt::format("{:.2f}", ratio_to_first(v)); }},
         {"passes",
          [](const StepVariant& v) {
            return fmt::format("{:.3g} + {:.3g}", v.passes.shared, v.passes.decoders);
          }},
         kPeak,
         {"told MiB", [](const StepVariant& v) { return fmt::format("{:.2f}", v.told_mib); }},
         {"sums", [](const StepVariant& v) { return fmt::format("{}", v.told_calls); }}});
  std::cout
      << "told MiB, sums: what a process of a training in several tells the others in a step\n"
         "passes: backward, through what all objectives share + through each decoder\n";
  if (const auto bound = separate_passes_bound(all[0], bench)) {
    std::cout << fmt::format(
        "this/EW of a method that walks once for each objective through what they share, and does "
        "nothing besides: {:.2f}\n",
        *bound);
  }
  for (const auto& reason : left_out) std::cout << "left out: " << reason << "\n";
}

}  // namespace tasuki::tools
