#include <fmt/format.h>
#include <torch/torch.h>

#include <iostream>

#include "tasuki/check/split_check.h"
#include "tasuki/check/split_findings.h"
#include "tools/data.h"
#include "tools/field_print.h"
#include "tools/progress.h"

namespace tasuki::tools {
namespace {

const std::map<std::string, FieldMeaning> kMeanings = {{"tasuki/mask", FieldMeaning::kMask},
                                                       {"tasuki/normals", FieldMeaning::kNormals}};

struct CheckOptions {
  ConfigOptions config;
  int threads = 0;
};

void print(const SplitUse& use, const SplitSummary& summary, const Dataset& dataset) {
  std::cout << fmt::format("split {} ({}): {} samples, {} findings\n", use.split,
                           use.pipeline_name(), summary.samples, summary.findings.size());
  for (const auto& [name, field] : summary.fields) {
    print_field(std::cout, name, field, dataset.class_names(name));
  }
  for (const auto& note : summary.notes) std::cout << "  " << note << "\n";
  for (const auto& finding : summary.findings) std::cout << "  " << finding << "\n";
  std::cout << std::flush;
}

SplitSummary check_split(const SplitUse& use, SplitCheck check) {
  Progress progress("split " + use.split, check.dataset->size(use.split));
  check.at_sample = [&] { progress.add(); };
  return check_samples(check, use.split, use.pipeline);
}

void check(const CheckOptions& options) {
  const auto config = options.config.load();
  const auto dataset = build_dataset(config, options.config.root());
  const auto tasks = data_tasks(config, *dataset);
  const auto used = data_uses(config, *dataset);
  // The threads here are the parallelism; a team of LibTorch's would fight with them.
  torch::set_num_threads(1);
  const int threads = data_threads(options.threads);
  size_t findings = 0;
  for (const auto& use : used) {
    const auto summary = check_split(use, {config, dataset, tasks, threads, kMeanings});
    print(use, summary, *dataset);
    findings += summary.findings.size();
  }
  const auto of_splits = split_findings(config, *dataset, used);
  for (const auto& finding : of_splits) std::cout << finding << "\n";
  findings += of_splits.size();
  if (findings > 0) {
    throw Error(ErrorKind::kData, fmt::format("{} findings; mend or leave out these files before "
                                              "training",
                                              findings));
  }
  std::cout << "Nothing found.\n";
}

}  // namespace

void add_data_check(CLI::App& data) {
  auto options = std::make_shared<CheckOptions>();
  auto* command = data.add_subcommand(
      "check",
      "Read every file of the splits that a config uses, or every sample of its data.pack, run the "
      "pipelines over them, compare the labels with the tasks, and say what is wrong");
  options->config.add_to(*command);
  command->add_option("--threads", options->threads, "Files read at once (default: processors)")
      ->check(kAboveZero);
  command->footer("Example: tasuki data check configs/nyuv2/quick.pbtxt --data-root data");
  command->callback([options] { check(*options); });
}

}  // namespace tasuki::tools
