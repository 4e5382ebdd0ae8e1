#include <fmt/format.h>

#include <atomic>
#include <iostream>
#include <mutex>
#include <set>
#include <thread>

#include "core/engine/experiment.h"
#include "tools/command.h"

namespace tasuki::tools {
namespace {

struct CheckOptions {
  ConfigOptions config;
  int threads = 0;
};

// What is known of one field over a split.
struct FieldSummary {
  size_t samples = 0;
  int64_t pixels = 0;
  int64_t valid = 0;
};

struct SplitSummary {
  std::map<std::string, FieldSummary> fields;
  std::vector<std::string> findings;  // in index order
};

void add(SplitSummary& summary, const Sample& sample) {
  for (const auto& [name, field] : sample.fields) {
    auto& total = summary.fields[name];
    ++total.samples;
    total.pixels += int64_t(field.value.total());
    total.valid += cv::countNonZero(field.kind->valid_mask(field.value));
  }
}

// Reads every sample of a split on several threads; what is wrong is collected, not thrown.
SplitSummary check_split(const Dataset& dataset, const std::string& split, int threads) {
  SplitSummary summary;
  const size_t size = dataset.size(split);
  std::map<size_t, std::string> findings;
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  const auto work = [&] {
    for (size_t i = next++; i < size; i = next++) {
      try {
        const Sample sample = dataset.load(split, i);
        const std::lock_guard lock(mutex);
        add(summary, sample);
      } catch (const std::exception& problem) {
        const std::lock_guard lock(mutex);
        findings[i] = problem.what();
      }
    }
  };
  std::vector<std::jthread> workers;
  for (int i = 0; i < threads; ++i) workers.emplace_back(work);
  workers.clear();
  for (auto& item : findings) summary.findings.push_back(std::move(item.second));
  return summary;
}

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

void print(const std::string& split, size_t size, const SplitSummary& summary) {
  std::cout << fmt::format("split {}: {} samples, {} findings\n", split, size,
                           summary.findings.size());
  for (const auto& [name, field] : summary.fields) {
    std::cout << fmt::format(
        "  {:<10} {:>6} samples  {:>6.2f} % valid pixels\n", name, field.samples,
        100.0 * double(field.valid) / double(std::max<int64_t>(field.pixels, 1)));
  }
  for (const auto& finding : summary.findings) std::cout << "  " << finding << "\n";
}

void check(const CheckOptions& options) {
  const auto config = options.config.load();
  const auto dataset = build_dataset(config, options.config.root());
  cv::setNumThreads(0);
  const int threads = options.threads > 0 ? options.threads
                                          : int(std::max(1u, std::thread::hardware_concurrency()));
  Experiment names;
  names.config = config;
  const auto known = dataset->splits();
  std::vector<std::string> used;
  for (const auto& split : {names.train_split(), names.validation_split(), names.test_split()}) {
    const bool there = std::find(known.begin(), known.end(), split) != known.end();
    if (!there && split != names.test_split()) {
      throw Error(ErrorKind::kUsage, "the data set has no split \"" + split + "\"" +
                                         did_you_mean(split, known) + "; it has: " + join(known));
    }
    if (there && std::find(used.begin(), used.end(), split) == used.end()) used.push_back(split);
  }
  size_t findings = 0;
  for (const auto& split : used) {
    const auto summary = check_split(*dataset, split, threads);
    print(split, dataset->size(split), summary);
    findings += summary.findings.size();
  }
  for (const auto& overlap : overlaps(*dataset, used)) {
    std::cout << overlap << "\n";
    ++findings;
  }
  if (findings > 0) {
    throw Error(ErrorKind::kData, fmt::format("{} findings; mend or leave out these files before "
                                              "training",
                                              findings));
  }
  std::cout << "Nothing found.\n";
}

}  // namespace

void add_data(CLI::App& app) {
  auto* data = app.add_subcommand("data", "Tools for data sets");
  data->require_subcommand(1);
  auto options = std::make_shared<CheckOptions>();
  auto* command = data->add_subcommand(
      "check", "Read every file of the splits that a config uses, and say what is wrong");
  options->config.add_to(*command);
  command->add_option("--threads", options->threads, "Files read at once (default: processors)");
  command->footer("Example: tasuki data check configs/nyuv2/quick.pbtxt --data-root data");
  command->callback([options] { check(*options); });
  data->footer("Example: tasuki data check configs/nyuv2/quick.pbtxt");
}

}  // namespace tasuki::tools
