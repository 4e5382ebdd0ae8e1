#include "tools/bench.h"

#include <iostream>

#include "tools/weighting_option.h"

namespace tasuki::tools {

void add_bench(CLI::App& app) {
  auto options = std::make_shared<BenchOptions>();
  auto* command = app.add_subcommand(
      "bench", "Measure a config's loader and training step; compare ratios within one run");
  options->config.add_to(*command);
  command->add_option("--steps", options->steps, "Measured turns of each variant")
      ->capture_default_str()
      ->check(kAboveZero);
  command
      ->add_option("--steps-per-turn", options->steps_per_turn,
                   "Steps of a turn: k for a weighting that does its work at every k-th step")
      ->capture_default_str()
      ->check(kAboveZero);
  auto* weighting = add_weighting_option(
      *command, options->weightings,
      "Compare the step of this weighting with that of EW instead, with and without the config's "
      "self-auxiliaries");
  command->add_option("--samples", options->samples, "Measured samples of the loader")
      ->capture_default_str()
      ->check(kAboveZero)
      ->excludes(weighting);
  command->add_flag("--no-loader", options->skip_loader, "Leave the loader out");
  command->add_flag("--no-step", options->skip_step, "Leave the training step out");
  command->footer(
      "Variants of the step take turns, so that their ratios hold while the machine's speed "
      "drifts. "
      "The plain one has fp32, NCHW and every convolution as LibTorch does it.\n"
      "Examples:\n"
      "  tasuki bench configs/rooms/quickstart.pbtxt --steps 3\n"
      "  tasuki bench configs/rooms/saal_w.pbtxt --weighting '[tasuki/PCGrad]{}' --weighting "
      "'[tasuki/AutoLambda]{lagged: true}'\n"
      "  tasuki bench configs/rooms/quickstart.pbtxt --weighting all");
  command->callback([options] {
    if (options->skip_step && (options->skip_loader || !options->weightings.empty())) {
      throw Error(ErrorKind::kUsage, "--no-step leaves nothing to measure");
    }
    if (!options->weightings.empty()) return bench_weightings(*options);
    if (!options->skip_step) {
      const double need = bench_step(*options);
      std::cout << "The fastest variant takes " << need << " images/s from the loader.\n\n";
    }
    if (!options->skip_loader) bench_loader(*options);
  });
}

}  // namespace tasuki::tools
