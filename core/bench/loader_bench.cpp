#include "tasuki/bench/loader_bench.h"

#include <chrono>
#include <opencv2/imgcodecs.hpp>

#include "tasuki/bench/step_bench.h"
#include "tasuki/engine/packed_data.h"
#include "tasuki/system/elapsed.h"

namespace tasuki {
namespace {

using Clock = std::chrono::steady_clock;

// Images a second over one pass of the first `samples`, in file order.
double measure_pass(const SampleSource& source, size_t workers, size_t batch_size, size_t samples) {
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

}  // namespace

LoaderBench::LoaderBench(const ResolvedConfig& config, const std::filesystem::path& data_root,
                         size_t samples)
    : config_(config),
      raw_(build_raw_dataset(config_, data_root)),
      files_(train_split(config_), samples, *raw_),
      pack_(config_.message().data().pack()) {
  batch_size_ = config_.message().data().loader().batch_size();
}

std::unique_ptr<SampleSource> LoaderBench::source_of(const std::shared_ptr<const Dataset>& dataset,
                                                     std::shared_ptr<CacheBudget> cache) const {
  SampleSource::Options options;
  options.fields = fields_of(config_);
  options.cache = std::move(cache);
  auto input = pipeline_input(config_, dataset, Experiment::Pipeline::kTrain);
  return std::make_unique<SampleSource>(input.dataset, files_.split(), std::move(input.transforms),
                                        options);
}

double LoaderBench::pass(const SampleSource& source, size_t workers) const {
  return measure_pass(source, workers, batch_size_, files_.samples());
}

std::vector<LoaderPass> LoaderBench::passes(size_t workers) {
  std::vector<LoaderPass> done;
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

void LoaderBench::add_pack(std::vector<LoaderPass>& done, size_t workers) const {
  const auto files = Pack(pack_).files();
  uintmax_t bytes = 0;
  for (const auto& file : files) {
    drop_pages(file);  // nobody has it open
    bytes += std::filesystem::file_size(file);
  }
  const auto pack = open_pack(config_);
  const auto source = source_of(pack);
  const auto megabytes = double(bytes) / 1e6 / double(std::max<size_t>(pack->pack().samples(), 1));
  done.push_back({"pack, cold", pass(*source, workers), megabytes});
  done.push_back({"pack", pass(*source, workers), megabytes});
}

std::optional<double> LoaderBench::memory_megabytes() const {
  const auto state = memory_->cache_state();
  if (state.samples == 0) return {};
  return double(state.bytes) / 1e6 / double(state.samples);
}

std::pair<double, double> LoaderBench::files_alone() const {
  std::vector<double> read, load;
  for (size_t i = 0; i < samples(); ++i) {
    const Sample warm = raw_->load(split(), i);  // both find the files in the page cache
    auto start = Clock::now();
    const Sample sample = raw_->load(split(), i);
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

}  // namespace tasuki
