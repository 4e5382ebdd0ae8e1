#include <fmt/format.h>
#include <torch/torch.h>

#include <iostream>
#include <set>

#include "tools/data.h"
#include "tools/split_check.h"

namespace tasuki::tools {
namespace {

struct CheckOptions {
  ConfigOptions config;
  int threads = 0;
};

// Samples that both splits have: figures on one would say nothing when the other was trained on.
std::vector<std::string> overlaps(const Dataset& dataset, const std::vector<std::string>& splits) {
  std::vector<std::string> findings;
  for (size_t a = 0; a < splits.size(); ++a) {
    const auto ids_a = dataset.ids(splits[a]);
    const std::set<std::string> known(ids_a.begin(), ids_a.end());
    for (size_t b = a + 1; b < splits.size(); ++b) {
      size_t common = 0;
      std::string first;
      for (const auto& id : dataset.ids(splits[b])) {
        if (known.count(id) == 0) continue;
        if (common++ == 0) first = id;
      }
      if (common == 0) continue;
      findings.push_back(fmt::format("splits {} and {} share {} samples, the first is {}",
                                     splits[a], splits[b], common, first));
    }
  }
  return findings;
}

// One split in two roles.
std::vector<std::string> double_roles(const ResolvedConfig& config) {
  Experiment names;
  names.config = config;
  std::vector<std::string> findings;
  if (names.validation_split() == names.train_split()) {
    findings.push_back(
        "data.validation_split is data.train_split: \"best\" would be chosen on what "
        "was trained on");
  }
  if (names.test_split() == names.train_split()) {
    findings.push_back(
        "data.test_split is data.train_split: figures would be of what was trained on");
  }
  if (names.test_split() == names.validation_split()) {
    findings.push_back(
        "data.test_split is data.validation_split: figures would be of the split "
        "that chose");
  }
  return findings;
}

std::vector<std::string> split_names(const std::vector<SplitUse>& used) {
  std::vector<std::string> names;
  for (const auto& use : used) {
    if (std::find(names.begin(), names.end(), use.split) == names.end()) {
      names.push_back(use.split);
    }
  }
  return names;
}

void print(const SplitUse& use, const SplitSummary& summary, const Dataset& dataset) {
  std::cout << fmt::format("split {} ({}): {} samples, {} findings\n", use.split,
                           use.pipeline_name(), summary.samples, summary.findings.size());
  for (const auto& [name, field] : summary.fields) {
    field.print(std::cout, name, dataset.class_names(name));
  }
  for (const auto& remark : summary.remarks) std::cout << "  " << remark << "\n";
  for (const auto& finding : summary.findings) std::cout << "  " << finding << "\n";
  std::cout << std::flush;
}

void check(const CheckOptions& options) {
  const auto config = options.config.load();
  const auto dataset = build_dataset(config, options.config.root());
  const auto tasks = data_tasks(config, *dataset);
  const auto used = data_uses(config, *dataset);
  // The threads here are the parallelism; teams of the libraries would fight with them.
  cv::setNumThreads(0);
  torch::set_num_threads(1);
  const int threads = data_threads(options.threads);
  size_t findings = 0;
  for (const auto& use : used) {
    const auto summary = check_samples({config, dataset, tasks, threads}, use.split, use.pipeline);
    print(use, summary, *dataset);
    findings += summary.findings.size();
  }
  auto of_splits = overlaps(*dataset, split_names(used));
  for (auto& role : double_roles(config)) of_splits.push_back(std::move(role));
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
