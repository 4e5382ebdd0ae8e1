#include <fmt/format.h>

#include <chrono>
#include <iostream>
#include <opencv2/imgcodecs.hpp>

#include "core/engine/packed_data.h"
#include "tools/bench.h"
#include "tools/bench_storage.h"

namespace tasuki::tools {
namespace {

using Clock = std::chrono::steady_clock;

double elapsed_seconds(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
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
  return double(done) / elapsed_seconds(start);
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
    load.push_back(elapsed_seconds(start));
    start = Clock::now();
    bool files = false;
    for (const auto& item : sample.fields) {
      if (item.second.file.empty()) continue;
      files = true;
      if (cv::imread(item.second.file, cv::IMREAD_UNCHANGED).empty()) return {0, 0};
    }
    if (!files) return {0, 0};
    read.push_back(elapsed_seconds(start));
  }
  return {1e3 * median(read), 1e3 * median(load)};
}

std::vector<std::string> fields_of(const ResolvedConfig& config) {
  std::vector<std::string> fields = {"image"};
  for (const auto& task : config.message().model().task()) {
    fields.push_back(label_field(task));
  }
  return fields;
}

std::string train_split(const ResolvedConfig& config) {
  Experiment names;
  names.config = config;
  return names.train_split();
}

// What one pass over the samples showed.
struct Pass {
  std::string name;
  double speed = 0;                 // images/s
  std::optional<double> megabytes;  // a sample
};

class LoaderBench {
 public:
  explicit LoaderBench(const BenchOptions& options)
      : config_(options.config.load()),
        raw_(build_raw_dataset(config_, options.config.root())),
        files_(train_split(config_), size_t(options.samples), *raw_),
        pack_(config_.message().data().pack()) {
    const auto& loader = config_.message().data().loader();
    if (loader.has_batch_size()) batch_size_ = loader.batch_size();
  }

  void run() {
    std::cout << fmt::format("Loader, {} samples of split {}, batches of {}\n", files_.samples(),
                             files_.split(), batch_size_);
    std::cout << fmt::format("{:<14}{:>9}{:>12}{:>14}{:>9}{:>14}\n", "read from", "workers",
                             "images/s", "ms a sample", "ratio", "MB a sample");
    for (const size_t workers : {0, 1, 2}) print(workers, passes(workers));
    const auto [read, load] = files_alone(*raw_, files_.split(), files_.samples());
    if (read > 0) {
      std::cout << fmt::format(
          "Files: cv::imread alone {:.2f} ms a sample, loading {:.2f} ms, ratio {:.2f}\n", read,
          load, load / read);
    }
  }

 private:
  std::unique_ptr<SampleSource> source_of(const std::shared_ptr<const Dataset>& dataset,
                                          std::shared_ptr<CacheBudget> cache = nullptr) const {
    SampleSource::Options options;
    options.fields = fields_of(config_);
    options.cache = std::move(cache);
    auto input = pipeline_input(config_, dataset, Experiment::Pipeline::kTrain);
    return std::make_unique<SampleSource>(input.dataset, files_.split(),
                                          std::move(input.transforms), options);
  }

  double pass(const SampleSource& source, size_t workers) const {
    return measure(source, workers, batch_size_, files_.samples());
  }

  // Files before the rest, since the others are compared with them. Cold ones are read for the
  // first time after their pages were dropped.
  std::vector<Pass> passes(size_t workers) {
    std::vector<Pass> done;
    const auto files = source_of(raw_);
    if (!pack_.empty()) {
      files_.drop();
      done.push_back({"files, cold", pass(*files, workers), files_.megabytes()});
    }
    done.push_back({"files", pass(*files, workers), files_.megabytes()});
    if (!memory_) {
      memory_ = source_of(raw_, CacheBudget::of(size_t{8} << 30));
      pass(*memory_, 0);
    }
    done.push_back({"memory", pass(*memory_, workers), memory_megabytes()});
    if (!pack_.empty()) add_pack(done, workers);
    return done;
  }

  void add_pack(std::vector<Pass>& done, size_t workers) const {
    drop_pages(pack_);  // nobody has it open
    const auto pack = open_pack(config_);
    const auto source = source_of(pack);
    const auto megabytes = double(std::filesystem::file_size(pack_)) / 1e6 /
                           double(std::max<size_t>(pack->pack().samples(), 1));
    done.push_back({"pack, cold", pass(*source, workers), megabytes});
    done.push_back({"pack", pass(*source, workers), megabytes});
  }

  std::optional<double> memory_megabytes() const {
    const auto state = memory_->cache_state();
    if (state.samples == 0) return {};
    return double(state.bytes) / 1e6 / double(state.samples);
  }

  static void print(size_t workers, const std::vector<Pass>& passes) {
    double files = 0;
    for (const auto& pass : passes) {
      if (pass.name == "files") files = pass.speed;
    }
    for (const auto& pass : passes) {
      std::cout << fmt::format("{:<14}{:>9}{:>12.1f}{:>14.3f}{:>9.2f}{:>14}\n", pass.name, workers,
                               pass.speed, 1e3 / pass.speed, pass.speed / files,
                               pass.megabytes ? fmt::format("{:.3f}", *pass.megabytes) : "-");
    }
  }

  const ResolvedConfig config_;
  const std::shared_ptr<const Dataset> raw_;
  const SampleFiles files_;
  const std::string pack_;  // data.pack, "" for none
  size_t batch_size_ = 4;
  std::unique_ptr<SampleSource> memory_;
};

}  // namespace

void bench_loader(const BenchOptions& options) {
  cv::setNumThreads(0);
  LoaderBench(options).run();
}

}  // namespace tasuki::tools
