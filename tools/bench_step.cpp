#include <fmt/format.h>

#include <iostream>

#include "core/engine/precision.h"
#include "tools/bench_variant.h"
#include "tools/shortcuts.h"

namespace tasuki::tools {

std::vector<Variant> step_variants(const ResolvedConfig& config) {
  std::vector<Variant> all(2);
  all[0].name = "plain fp32";
  all[0].assignments = without_shortcuts(config);
  all[0].assignments.insert(all[0].assignments.end(),
                            {"train.precision=FP32", "train.channels_last=false"});
  all[1].name = "fp32";
  all[1].assignments = {"train.precision=FP32"};
  if (bf16_is_native(choose_device(config.message().train().device()))) {
    all.emplace_back();
    all.back().name = "bf16";
    all.back().assignments = {"train.precision=BF16"};
  }
  return all;
}

namespace {

void print_first_losses(const std::vector<Variant>& all) {
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
  auto all = step_variants(options.config.load());
  measure(all, options);
  print(all, "plain/this", [&](const Variant& variant) { return time_ratio(all[0], variant); });
  print_first_losses(all);
  double fastest = 0;
  for (const auto& variant : all) {
    const auto& loader = variant.run->experiment.loader_options(Experiment::Pipeline::kTrain);
    fastest = std::max(fastest, double(loader.batch_size) / total(variant));
  }
  return fastest;
}

}  // namespace tasuki::tools
