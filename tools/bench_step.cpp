#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "tasuki/bench/step_bench.h"
#include "tasuki/engine/process_settings.h"
#include "tools/bench.h"
#include "tools/progress.h"

namespace tasuki::tools {
namespace {

constexpr const char* kEqual = "[tasuki/EW]{}";

void measure(std::vector<StepVariant>& variants, const BenchOptions& options) {
  const ThreadSettings threads(options.config.load().message().train().threads());
  const StepBench bench{options.config.load(), options.config.root(), options.steps,
                        options.steps_per_turn};
  {
    Progress progress("steps", step_count(variants.size(), bench));
    measure_steps(variants, bench, [&] { progress.add(); });
  }
  const auto& image = variants[0].batch.tensor("image");
  std::cout << fmt::format(
      "Training step, batch {} of {}x{}, {} threads, {}; medians of {} turns of {}, seconds\n",
      image.size(0), image.size(2), image.size(3),
      variants[0].run->experiment.config.message().train().threads(),
      variants[0].run->experiment.device.str(), options.steps, options.steps_per_turn);
}

// The table with one more column, `ratio_of(variant)` under `ratio_name`.
void print(const std::vector<StepVariant>& variants, const std::string& ratio_name,
           const std::function<double(const StepVariant&)>& ratio_of) {
  size_t width = 12;
  for (const auto& variant : variants) width = std::max(width, variant.name.size() + 1);
  std::cout << fmt::format("{:<{}}{:>10}{:>10}{:>10}{:>10}{:>10}{:>14}{:>12}\n", "variant", width,
                           "forward", "losses", "backward", "optimiser", "step", ratio_name,
                           "peak MiB");
  for (const auto& variant : variants) {
    std::cout << fmt::format(
        "{:<{}}{:>10.3f}{:>10.3f}{:>10.3f}{:>10.3f}{:>10.3f}{:>14.2f}{:>12.0f}\n", variant.name,
        width, part_seconds(variant, [](const StepSeconds& s) { return s.forward; }),
        part_seconds(variant, [](const StepSeconds& s) { return s.losses; }),
        part_seconds(variant, [](const StepSeconds& s) { return s.backward; }),
        part_seconds(variant, [](const StepSeconds& s) { return s.optimizer; }),
        step_seconds(variant), ratio_of(variant), variant.peak_mib);
  }
}

void print_first_losses(const std::vector<StepVariant>& all) {
  for (const auto& [name, loss] : all[0].first_losses) {
    std::cout << "first loss of " << name << ":";
    for (const auto& variant : all) {
      std::cout << fmt::format("  {} {:.7g}", variant.name, variant.first_losses.at(name));
    }
    std::cout << "\n";
  }
}

// Says --weighting instead of the assignment that it becomes.
void check_weighting(ConfigOptions config, const std::string& weighting) {
  const std::string assignment = "train.weighting=" + weighting;
  const std::string assigned = "--set " + assignment + ": train.weighting: ";
  config.assignments.push_back(assignment);
  try {
    config.load();
  } catch (const Error& error) {
    const std::string_view what = error.what();
    if (!what.starts_with(assigned)) throw;
    throw Error(error.kind(),
                "--weighting " + weighting + ": " + std::string(what.substr(assigned.size())));
  }
}

}  // namespace

double bench_step(const BenchOptions& options) {
  auto all = step_variants(options.config.load());
  measure(all, options);
  print(all, "plain/this", [&](const StepVariant& variant) { return time_ratio(all[0], variant); });
  print_first_losses(all);
  double fastest = 0;
  for (const auto& variant : all) {
    const auto& loader = variant.run->experiment.loader_options(Experiment::Pipeline::kTrain);
    fastest = std::max(fastest, double(loader.batch_size) / step_seconds(variant));
  }
  return fastest;
}

void bench_weightings(const BenchOptions& options) {
  for (const auto& weighting : options.weightings) check_weighting(options.config, weighting);
  std::vector<std::string> weightings = {kEqual};
  weightings.insert(weightings.end(), options.weightings.begin(), options.weightings.end());
  auto all = weighting_variants(options.config.load(), weightings);
  measure(all, options);
  print(all, "this/EW", [&](const StepVariant& variant) { return time_ratio(variant, all[0]); });
}

}  // namespace tasuki::tools
