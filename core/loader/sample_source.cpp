#include <algorithm>
#include <new>

#include "core/error/error.h"
#include "core/loader/loader.h"
#include "core/loader/sample_cache.h"

namespace tasuki {
namespace {

#ifdef NDEBUG
constexpr bool kAlwaysVerify = false;
#else
constexpr bool kAlwaysVerify = true;
#endif

// A data set's own "sample ID: " in front, left out where the place begins with the same.
Error without_sample(const Error& error, const std::string& place) {
  const auto name = place.substr(0, place.find(" (split ")) + ": ";
  const std::string_view what = error.what();
  return what.starts_with(name) ? Error(error.kind(), std::string(what.substr(name.size())))
                                : error;
}

// Runs `step`; whatever it throws leaves as an Error with `place()` in front.
template <class Place, class Step>
auto located(const Place& place, const Step& step) {
  try {
    return step();
  } catch (const Error& error) {
    throw without_sample(error, place()).within(place());
  } catch (const cv::Exception& error) {
    throw Error(ErrorKind::kData, place() + ": OpenCV: " + error.err + " (" + error.func + ")");
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::kRun, place() + ": out of memory");
  } catch (const std::exception& error) {
    throw Error(ErrorKind::kRun, place() + ": " + error.what());
  }
}

using Pipeline = std::vector<std::unique_ptr<Transform>>;

}  // namespace

size_t deterministic_prefix(const Pipeline& pipeline) {
  const auto random = std::find_if(pipeline.begin(), pipeline.end(),
                                   [](const auto& transform) { return transform->random(); });
  return static_cast<size_t>(random - pipeline.begin());
}

struct SampleSource::Implementation {
  const std::shared_ptr<const Dataset> dataset;
  const std::string split;
  const Pipeline pipeline;
  const Options options;
  const size_t size;
  const size_t prefix;  // transforms before the first random one
  SampleCache cache;

  Implementation(std::shared_ptr<const Dataset> from, std::string split_name, Pipeline transforms,
                 Options given)
      : dataset(std::move(from)),
        split(std::move(split_name)),
        pipeline(std::move(transforms)),
        options(std::move(given)),
        size(dataset->size(split)),
        prefix(deterministic_prefix(pipeline)),
        cache(size, options.cache) {}

  std::string place(const std::string& id, size_t index, const std::string& file = "") const {
    return "sample " + id + " (split " + split + ", index " + std::to_string(index) +
           (file.empty() ? "" : ", " + file) + ")";
  }

  // The place of a sample that could not be loaded.
  std::string place(size_t index) const {
    const auto ids = dataset->ids(split);
    return place(index < ids.size() ? ids[index] : "?", index);
  }

  static std::string file_of_image(const Sample& sample) {
    const auto image = sample.fields.find("image");
    return image == sample.fields.end() ? "" : image->second.file;
  }

  std::string place(const Sample& sample, size_t index, size_t step) const {
    return place(sample.id, index, file_of_image(sample)) + ", transform " +
           std::to_string(step + 1) + " of " + std::to_string(pipeline.size());
  }

  void transform(Sample& sample, size_t index, size_t begin, size_t end, cv::RNG random) const {
    for (size_t step = begin; step < end; ++step) {
      located([&] { return place(sample, index, step); },
              [&] { pipeline[step]->apply(sample, random); });
    }
  }

  bool wanted(const std::string& field) const {
    return options.all_fields || field == "image" ||
           std::find(options.fields.begin(), options.fields.end(), field) != options.fields.end();
  }

  // The sample after the deterministic prefix, with the wanted fields only.
  Sample prepared(size_t index) const {
    Sample sample =
        located([&] { return place(index); }, [&] { return dataset->load(split, index); });
    transform(sample, index, 0, prefix, cv::RNG(mix_seeds({options.seed, index})));
    std::erase_if(sample.fields, [&](const auto& entry) { return !wanted(entry.first); });
    return sample;
  }

  Sample first_get(size_t index) {
    Sample sample = prepared(index);
    located([&] { return place(sample.id, index); }, [&] { cache.keep(index, sample); });
    return sample;
  }

  // Another kind, and a Mat of another type than its kind's, are for others to refuse.
  void check_labels(const Sample& sample, size_t index) const {
    for (const auto& check : options.label_checks) {
      const auto found = sample.fields.find(check.field);
      if (found == sample.fields.end()) continue;
      const Field& field = found->second;
      if (field.kind != check.kind || field.value.type() != check.kind->mat_type()) continue;
      const std::string wrong = check.error(field.value);
      if (wrong.empty()) continue;
      const std::string file = field.file.empty() ? file_of_image(sample) : field.file;
      throw Error(ErrorKind::kData,
                  place(sample.id, index, file) + ", " + check.user + ": " + wrong);
    }
  }

  void verify(size_t index) {
    if (cache.unchanged(index)) return;
    throw Error(ErrorKind::kPlugin,
                place(index) + ": one of the transforms " + std::to_string(prefix + 1) + " to " +
                    std::to_string(pipeline.size()) +
                    " wrote into the pixels of a cached sample; a transform has to put its result "
                    "into a Mat of its own");
  }
};

SampleSource::SampleSource(std::shared_ptr<const Dataset> dataset, std::string split,
                           std::vector<std::unique_ptr<Transform>> pipeline, Options options)
    : implementation_(std::make_unique<Implementation>(std::move(dataset), std::move(split),
                                                       std::move(pipeline), std::move(options))) {}

SampleSource::~SampleSource() = default;

size_t SampleSource::size() const {
  return implementation_->size;
}
const std::string& SampleSource::split() const {
  return implementation_->split;
}
const std::vector<std::string>& SampleSource::fields() const {
  return implementation_->options.fields;
}
SampleSource::CacheState SampleSource::cache_state() const {
  return implementation_->cache.state();
}

Sample SampleSource::prepared(size_t index) const {
  return implementation_->prepared(index);
}

Sample SampleSource::finished(Sample sample, uint64_t epoch, size_t index) const {
  const auto& self = *implementation_;
  self.transform(sample, index, self.prefix, self.pipeline.size(),
                 cv::RNG(mix_seeds({self.options.seed, epoch, index})));
  return sample;
}

Sample SampleSource::get(uint64_t epoch, size_t index) const {
  auto& self = *implementation_;
  if (index >= self.size) {
    throw Error(ErrorKind::kUsage, "split " + self.split + " has " + std::to_string(self.size) +
                                       " samples: there is no index " + std::to_string(index));
  }
  const Sample* cached = self.cache.find(index);
  Sample sample = finished(cached ? *cached : self.first_get(index), epoch, index);
  if (cached && (kAlwaysVerify || self.options.verify_cache)) self.verify(index);
  self.check_labels(sample, index);
  return sample;
}

}  // namespace tasuki
