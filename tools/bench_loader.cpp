#include <fmt/format.h>

#include <chrono>
#include <iostream>
#include <opencv2/imgcodecs.hpp>

#include "core/engine/experiment.h"
#include "tools/bench.h"

namespace tasuki::tools {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::unique_ptr<SampleSource> source_of(const ResolvedConfig& config,
                                        std::shared_ptr<const Dataset> dataset,
                                        const std::string& split,
                                        const std::vector<std::string>& fields, bool cached) {
  SampleSource::Options options;
  options.fields = fields;
  if (cached) options.cache = CacheBudget::of(size_t{8} << 30);
  return std::make_unique<SampleSource>(
      std::move(dataset), split, build_pipeline(config, Experiment::Pipeline::kTrain), options);
}

// Images a second over one pass of the first `samples`, in file order.
double measure(const SampleSource& source, size_t workers, size_t batch_size, size_t samples) {
  Loader::Options options;
  options.workers = workers;
  options.batch_size = batch_size;
  Loader loader(source, options);
  loader.start(0);
  const auto start = Clock::now();
  size_t done = 0;
  while (done < samples) {
    const auto batch = loader.next();
    if (!batch) break;
    done += size_t(batch->size());
  }
  return double(done) / seconds_since(start);
}

// Milliseconds a sample that cv::imread alone takes for the files of the first samples, and that
// the data set takes to load them; 0 and 0 for data sets without files.
std::pair<double, double> files_alone(const Dataset& dataset, const std::string& split,
                                      size_t samples) {
  samples = std::min(samples, dataset.size(split));
  std::vector<double> read, load;
  for (size_t i = 0; i < samples; ++i) {
    const Sample warm = dataset.load(split, i);  // both find the files in the page cache
    auto start = Clock::now();
    const Sample sample = dataset.load(split, i);
    load.push_back(seconds_since(start));
    start = Clock::now();
    bool files = false;
    for (const auto& item : sample.fields) {
      if (item.second.file.empty()) continue;
      files = true;
      if (cv::imread(item.second.file, cv::IMREAD_UNCHANGED).empty()) return {0, 0};
    }
    if (!files) return {0, 0};
    read.push_back(seconds_since(start));
  }
  return {1e3 * median(read), 1e3 * median(load)};
}

std::vector<std::string> fields_of(const ResolvedConfig& config) {
  std::vector<std::string> fields = {"image"};
  for (const auto& task : config.message().model().task()) {
    fields.push_back(task.has_field() ? task.field() : task.name());
  }
  return fields;
}

}  // namespace

void bench_loader(const BenchOptions& options) {
  const auto config = options.config.load();
  const std::shared_ptr<const Dataset> dataset = build_dataset(config, options.config.root());
  const auto& data = config.message().data();
  const std::string split = data.has_train_split() ? data.train_split() : "train";
  const size_t batch_size = data.loader().has_batch_size() ? data.loader().batch_size() : 4;
  const size_t samples = std::min(size_t(options.samples), dataset->size(split));
  cv::setNumThreads(0);
  std::cout << fmt::format("Loader, {} samples of split {}, batches of {}\n", samples, split,
                           batch_size);
  std::cout << fmt::format("{:<18}{:>9}{:>12}{:>14}\n", "cache", "workers", "images/s",
                           "ms a sample");
  for (const bool cached : {false, true}) {
    const auto source = source_of(config, dataset, split, fields_of(config), cached);
    if (cached) measure(*source, 0, batch_size, samples);
    for (const size_t workers : {0, 1, 2}) {
      const double speed = measure(*source, workers, batch_size, samples);
      std::cout << fmt::format("{:<18}{:>9}{:>12.1f}{:>14.3f}\n", cached ? "memory, warm" : "none",
                               workers, speed, 1e3 / speed);
    }
  }
  const auto [read, load] = files_alone(*dataset, split, samples);
  if (read > 0) {
    std::cout << fmt::format(
        "Files: cv::imread alone {:.2f} ms a sample, loading {:.2f} ms, ratio {:.2f}\n", read, load,
        load / read);
  }
}

}  // namespace tasuki::tools
