#include "tasuki/engine/packed_data.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "tasuki/config/writer.h"

namespace tasuki {
namespace {

constexpr size_t kMeasuredSamples = 16;

using Transforms = google::protobuf::RepeatedPtrField<google::protobuf::Any>;

bool is_training(Experiment::Pipeline pipeline) {
  return pipeline == Experiment::Pipeline::kTrain;
}

// The transforms of a pipeline before its first random one, as the config has them.
Transforms prefix_of(const ResolvedConfig& config, Experiment::Pipeline which) {
  const auto& data = config.message().data();
  const auto& all = is_training(which) ? data.train_pipeline() : data.eval_pipeline();
  const auto length = deterministic_prefix(build_pipeline(config, which));
  return {all.begin(), all.begin() + std::ptrdiff_t(length)};
}

std::string prefix_text(const Transforms& prefix, Experiment::Pipeline written_as) {
  Config config;
  auto& data = *config.mutable_data();
  (is_training(written_as) ? *data.mutable_train_pipeline() : *data.mutable_eval_pipeline()) =
      prefix;
  return write_text(config);
}

// What of a header the config alone decides.
PackHeader header_of_config(const ResolvedConfig& config) {
  Config dataset;
  *dataset.mutable_data()->mutable_dataset() = config.message().data().dataset();
  const auto image = changed_image_settings(config);
  if (image.ByteSizeLong() > 0) *dataset.mutable_data()->mutable_image() = image;
  PackHeader header;
  header.set_dataset(write_text(dataset));
  for (const auto which : {Experiment::Pipeline::kTrain, Experiment::Pipeline::kEvaluate}) {
    const auto text = prefix_text(prefix_of(config, which), which);
    is_training(which) ? header.set_train_prefix(text) : header.set_eval_prefix(text);
  }
  return header;
}

bool prefixes_are_equal(const ResolvedConfig& config) {
  const auto text = [&](Experiment::Pipeline which) {
    return prefix_text(prefix_of(config, which), Experiment::Pipeline::kEvaluate);
  };
  return text(Experiment::Pipeline::kTrain) == text(Experiment::Pipeline::kEvaluate);
}

// Each use with its samples: those of an earlier use where they are the same.
void add_uses(const PackJob& job, PackContents& contents) {
  auto& header = contents.header;
  const bool shared = prefixes_are_equal(job.config);
  for (const auto& use : job.uses) {
    auto& out = *header.add_use();
    out.set_split(use.split);
    out.set_training(is_training(use.pipeline));
    out.set_samples(uint32_t(header.samples_size()));
    for (const auto& earlier : header.use()) {
      if (earlier.split() != use.split) continue;
      if (shared || earlier.training() == out.training()) {
        out.set_samples(earlier.samples());
        break;
      }
    }
    if (int(out.samples()) < header.samples_size()) continue;
    auto& samples = *header.add_samples();
    samples.set_split(use.split);
    contents.ids.push_back(job.dataset->ids(use.split));
    const auto parts = job.dataset->parts(use.split);
    if (parts.size() == 1 && parts.front().name.empty()) continue;
    for (const auto& part : parts) {
      auto& out_part = *samples.add_part();
      out_part.set_name(part.name);
      out_part.set_size(part.size);
    }
  }
}

using Sources = std::vector<std::unique_ptr<SampleSource>>;

// A source for each samples of the header, of a use that reads them.
Sources sources_of(const PackJob& job, const PackHeader& header) {
  Sources sources(size_t(header.samples_size()));
  SampleSource::Options options;
  options.seed = job.config.message().train().seed();
  options.all_fields = true;
  for (const auto& use : header.use()) {
    auto& source = sources[use.samples()];
    if (source) continue;
    const auto which =
        use.training() ? Experiment::Pipeline::kTrain : Experiment::Pipeline::kEvaluate;
    source = std::make_unique<SampleSource>(job.dataset, use.split(),
                                            build_pipeline(job.config, which), options);
  }
  return sources;
}

// Names of classes of all fields that the first samples have or that a task reads.
void add_classes(const PackJob& job, PackHeader& header) {
  std::set<std::string> fields;
  for (const auto& source : sources_of(job, header)) {
    if (source->size() == 0) continue;
    for (const auto& item : source->prepared(0).fields) fields.insert(item.first);
  }
  for (const auto& task : job.config.message().model().task()) {
    fields.insert(label_field(task));
  }
  for (const auto& field : fields) {
    const auto names = job.dataset->class_names(field);
    if (names.empty()) continue;
    auto& classes = *header.add_classes();
    classes.set_field(field);
    classes.mutable_name()->Add(names.begin(), names.end());
  }
}

// What a sample of a list takes in a pack, on average.
size_t bytes_a_sample(const SampleSource& source, const FieldKindNames& kinds) {
  const size_t count = std::min<size_t>(source.size(), kMeasuredSamples);
  size_t bytes = 0;
  for (size_t i = 0; i < count; ++i) {
    bytes += encode_sample(source.prepared(i * source.size() / count), kinds).size();
  }
  return std::max<size_t>(bytes / std::max<size_t>(count, 1), 1);
}

// Puts what a writer misses: sample i of its list l is sample begin + i of sources[l].
class Packing {
 public:
  Packing(int threads, const std::function<void()>& on_sample)
      : threads_(threads), on_sample_(on_sample) {}

  void put(PackWriter& writer, const std::vector<const SampleSource*>& sources, size_t begin) {
    std::atomic<size_t> next = 0;
    const auto work = [&] {
      try {
        const auto& missing = writer.missing();
        for (size_t i = next++; i < missing.size() && !failed_; i = next++) {
          const auto& place = missing[i];
          writer.put(place, sources[place.samples]->prepared(begin + place.index));
          on_sample_();
        }
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!failed_.exchange(true)) failure_ = std::current_exception();
      }
    };
    {
      std::vector<std::jthread> workers;
      workers.reserve(size_t(threads_));
      for (int i = 0; i < threads_; ++i) workers.emplace_back(work);
    }
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  const int threads_;
  const std::function<void()>& on_sample_;
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace

std::shared_ptr<const PackedDataset> open_pack(const ResolvedConfig& config) {
  const auto& file = config.message().data().pack();
  try {
    auto pack = std::make_shared<const Pack>(file);
    const auto change = pack_change(pack->contents(), header_of_config(config), PackParts::kConfig);
    if (!change.empty()) {
      throw Error(ErrorKind::kUsage, file + " is a pack of something else: " + change);
    }
    return std::make_shared<PackedDataset>(std::move(pack));
  } catch (const Error& error) {
    const auto located =
        config.error("data.pack", std::string(error.what()) + "; `tasuki data pack " +
                                      config.file() + " -o NEW_FILE` makes a pack of this config");
    throw Error(error.kind(), located.what());
  }
}

PackContents pack_contents(const PackJob& job) {
  PackContents contents;
  contents.header = header_of_config(job.config);
  add_uses(job, contents);
  add_classes(job, contents.header);
  return contents;
}

PackShards shards_of_samples(const PackContents& contents, size_t samples) {
  return plan_shards(contents, std::vector<size_t>(contents.ids.size(), samples));
}

PackShards shards_of_bytes(const PackJob& job, const PackContents& contents, size_t bytes) {
  const FieldKindNames kinds(Registry::instance().names(FieldKind::kKind));
  std::vector<size_t> most;
  for (const auto& source : sources_of(job, contents.header)) {
    most.push_back(std::max<size_t>(bytes / bytes_a_sample(*source, kinds), 1));
  }
  return plan_shards(contents, most);
}

void write_pack(const PackJob& job, const PackContents& contents, PackWriter& writer, int threads,
                const std::function<void()>& on_sample) {
  const auto sources = sources_of(job, contents.header);
  std::vector<const SampleSource*> all;
  for (const auto& source : sources) all.push_back(source.get());
  Packing(threads, on_sample).put(writer, all, 0);
  writer.finish();
}

void write_pack(const PackJob& job, const PackContents& contents, ShardWriter& writer, int threads,
                const std::function<void()>& on_sample) {
  const auto sources = sources_of(job, contents.header);
  for (size_t i = 0; i < writer.shards(); ++i) {
    const auto shard = writer.open(i);
    if (!shard) continue;
    const auto& described = writer.shard(i);
    Packing(threads, on_sample)
        .put(*shard, {sources[described.samples()].get()}, described.begin());
    writer.finish(i, *shard);
  }
  writer.finish();
}

}  // namespace tasuki
