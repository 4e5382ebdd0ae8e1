#include <fmt/format.h>

#include <iostream>

#include "tasuki/engine/packed_data.h"
#include "tools/data.h"
#include "tools/progress.h"

namespace tasuki::tools {
namespace {

struct PackOptions {
  ConfigOptions config;
  std::string output;
  int threads = 0;
};

// The config's file and what --set lays over it, as a shell takes it.
std::string arguments_of(const ConfigOptions& config) {
  std::string text = config.file;
  for (const auto& assignment : config.assignments) text += " --set '" + assignment + "'";
  return text;
}

void print_summary(const PackOptions& options) {
  const Pack pack(options.output);
  const double mb = double(std::filesystem::file_size(options.output)) / 1e6;
  for (const auto& use : pack.header().use()) {
    std::cout << fmt::format("split {} ({}): {} samples\n", use.split(),
                             use.training() ? "train_pipeline" : "eval_pipeline",
                             pack.header().samples(int(use.samples())).id_size());
  }
  std::cout << fmt::format("{}: {} samples, {:.1f} MB, {:.3f} MB a sample\n", options.output,
                           pack.samples(), mb, mb / double(std::max<size_t>(pack.samples(), 1)));
  std::cout << fmt::format("Train from it: tasuki train {} --set data.pack={}\n",
                           arguments_of(options.config), options.output);
}

void write(const PackOptions& options) {
  if (options.output.empty()) throw Error(ErrorKind::kUsage, "--output needs the name of a file");
  ConfigOptions raw = options.config;
  raw.assignments.push_back("data.pack=\"\"");  // the raw files, whatever the config trains from
  const auto config = raw.load();
  const auto dataset = build_raw_dataset(config, options.config.root());
  const PackJob job{config, dataset, data_uses(config, *dataset)};
  const auto header = pack_header(job);
  if (is_packed(options.output, header)) {
    std::cout << "Nothing to do: " << options.output
              << " is this pack already. (Its samples and the files "
                 "behind them are not compared: remove it to pack them again.)\n";
    return print_summary(options);
  }
  {
    PackWriter writer(options.output, header);
    const size_t missing = writer.missing().size(), there = writer.samples() - missing;
    if (there > 0) {
      std::cout << fmt::format("Going on: {} of {} samples are there already\n", there,
                               writer.samples());
    }
    Progress progress("packing", missing);
    write_pack(job, header, writer, data_threads(options.threads), [&] { progress.add(); });
  }
  print_summary(options);
}

}  // namespace

void add_data_pack(CLI::App& data) {
  auto options = std::make_shared<PackOptions>();
  auto* command = data.add_subcommand(
      "pack",
      "Write the samples that a config uses into one file, as they are before the first random "
      "transform, to train from it with data.pack; a second call goes on");
  options->config.add_to(*command);
  command->add_option("-o,--output", options->output, "File to write")->required();
  command->add_option("--threads", options->threads, "Samples at once (default: processors)")
      ->check(kAboveZero);
  command->footer(
      "Example: tasuki data pack configs/nyuv2/quick.pbtxt --data-root data -o nyuv2.pack");
  command->callback([options] { write(*options); });
}

}  // namespace tasuki::tools
