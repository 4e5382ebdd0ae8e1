#include <fmt/format.h>

#include <iostream>

#include "tasuki/engine/packed_data.h"
#include "tasuki/io/files.h"
#include "tools/data.h"
#include "tools/progress.h"

namespace tasuki::tools {
namespace {

struct PackOptions {
  ConfigOptions config;
  std::string output;
  int shard_mib = 0, shard_samples = 0;
  int threads = 0;

  // A folder of shards is asked for, or there already.
  bool in_shards() const { return shard_mib > 0 || shard_samples > 0 || is_folder(output); }
};

// The config's file and what --set lays over it, as a shell takes it.
std::string arguments_of(const ConfigOptions& config) {
  std::string text = config.file;
  for (const auto& assignment : config.assignments) text += " --set '" + assignment + "'";
  return text;
}

void print_summary(const PackOptions& options) {
  const Pack pack(options.output);
  const auto files = pack.files();
  double mb = 0;
  for (const auto& file : files) mb += double(std::filesystem::file_size(file)) / 1e6;
  for (const auto& use : pack.header().use()) {
    std::cout << fmt::format("split {} ({}): {} samples\n", use.split(),
                             use.training() ? "train_pipeline" : "eval_pipeline",
                             pack.ids(use.samples()).size());
  }
  const auto shards =
      is_folder(options.output) ? fmt::format(" in {} shards", files.size() - 1) : std::string();
  std::cout << fmt::format("{}: {} samples{}, {:.1f} MB, {:.3f} MB a sample\n", options.output,
                           pack.samples(), shards, mb,
                           mb / double(std::max<size_t>(pack.samples(), 1)));
  std::cout << fmt::format("Train from it: tasuki train {} --set data.pack={}\n",
                           arguments_of(options.config), options.output);
}

// What is missing of a pack, of either form.
template <class Writer>
void write_missing(const PackOptions& options, const PackJob& job, const PackContents& contents,
                   Writer& writer, size_t missing) {
  const size_t there = writer.samples() - missing;
  if (there > 0) {
    std::cout << fmt::format("Going on: {} of {} samples are there already\n", there,
                             writer.samples());
  }
  Progress progress("packing", missing);
  write_pack(job, contents, writer, data_threads(options.threads), [&] { progress.add(); });
}

PackShards plan(const PackOptions& options, const PackJob& job, const PackContents& contents) {
  if (options.shard_samples > 0) return shards_of_samples(contents, size_t(options.shard_samples));
  if (options.shard_mib == 0) return {};
  return shards_of_bytes(job, contents, size_t(options.shard_mib) << 20);
}

void write(const PackOptions& options) {
  if (options.output.empty()) throw Error(ErrorKind::kUsage, "--output needs the name of a file");
  ConfigOptions raw = options.config;
  raw.assignments.push_back("data.pack=\"\"");  // the raw files, whatever the config trains from
  const auto config = raw.load();
  const auto dataset = build_raw_dataset(config, options.config.root());
  const PackJob job{config, dataset, data_uses(config, *dataset)};
  const auto contents = pack_contents(job);
  if (is_packed(options.output, contents)) {
    std::cout << "Nothing to do: " << options.output
              << " is this pack already. (Its samples and the files "
                 "behind them are not compared: remove it to pack them again.)\n";
  } else if (options.in_shards()) {
    ShardWriter writer(options.output, contents, plan(options, job, contents));
    write_missing(options, job, contents, writer, writer.missing());
  } else {
    PackWriter writer(options.output, contents);
    write_missing(options, job, contents, writer, writer.missing().size());
  }
  print_summary(options);
}

}  // namespace

void add_data_pack(CLI::App& data) {
  auto options = std::make_shared<PackOptions>();
  auto* command = data.add_subcommand(
      "pack",
      "Write the samples that a config uses into one file, or a folder of shards, as they are "
      "before "
      "the first random transform, to train from it with data.pack; a second call goes on");
  options->config.add_to(*command);
  command->add_option("-o,--output", options->output, "File to write, or folder of shards")
      ->required();
  auto* size = command->add_option("--shard-size", options->shard_mib,
                                   "Write shards of about so many MiB into the folder");
  auto* samples = command->add_option("--shard-samples", options->shard_samples,
                                      "Write shards of at most so many samples into the folder");
  size->check(kAboveZero)->excludes(samples);
  samples->check(kAboveZero);
  command->add_option("--threads", options->threads, "Samples at once (default: processors)")
      ->check(kAboveZero);
  command->footer(
      "Example: tasuki data pack configs/nyuv2/quick.pbtxt --data-root data -o nyuv2.pack");
  command->callback([options] { write(*options); });
}

}  // namespace tasuki::tools
