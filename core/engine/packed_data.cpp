#include "tasuki/engine/packed_data.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "tasuki/config/writer.h"

namespace tasuki {
namespace {

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
void add_uses(const PackJob& job, PackHeader& header) {
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
    for (auto id : job.dataset->ids(use.split)) samples.add_id(std::move(id));
    const auto parts = job.dataset->parts(use.split);
    if (parts.size() == 1 && parts.front().name.empty()) continue;
    for (const auto& part : parts) {
      auto& out_part = *samples.add_part();
      out_part.set_name(part.name);
      out_part.set_size(part.size);
    }
  }
}

// A source for each samples of the header, of a use that reads them.
std::vector<std::unique_ptr<SampleSource>> sources_of(const PackJob& job,
                                                      const PackHeader& header) {
  std::vector<std::unique_ptr<SampleSource>> sources(size_t(header.samples_size()));
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

}  // namespace

std::shared_ptr<const PackedDataset> open_pack(const ResolvedConfig& config) {
  const auto& file = config.message().data().pack();
  try {
    auto pack = std::make_shared<const Pack>(file);
    const auto change = pack_change(pack->header(), header_of_config(config), PackParts::kConfig);
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

PackHeader pack_header(const PackJob& job) {
  PackHeader header = header_of_config(job.config);
  add_uses(job, header);
  add_classes(job, header);
  return header;
}

void write_pack(const PackJob& job, const PackHeader& header, PackWriter& writer, int threads,
                const std::function<void()>& on_sample) {
  const auto sources = sources_of(job, header);
  const auto& missing = writer.missing();
  std::atomic<size_t> next = 0;
  std::atomic<bool> failed = false;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      for (size_t i = next++; i < missing.size() && !failed; i = next++) {
        const auto& place = missing[i];
        writer.put(place, sources[place.samples]->prepared(place.index));
        on_sample();
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> workers;
    workers.reserve(size_t(threads));
    for (int i = 0; i < threads; ++i) workers.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);
  writer.finish();
}

}  // namespace tasuki
