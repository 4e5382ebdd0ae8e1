#include "tasuki/loader/sample_source.h"

#include "tasuki/error/error.h"

namespace tasuki {
namespace {

#ifdef NDEBUG
constexpr bool kAlwaysVerify = false;
#else
constexpr bool kAlwaysVerify = true;
#endif

}  // namespace

SampleSource::SampleSource(std::shared_ptr<const Dataset> dataset, std::string split,
                           Pipeline pipeline, Options options)
    : options_(std::move(options)), split_{std::move(dataset), std::move(split)} {
  const auto transforms = std::make_shared<const Pipeline>(std::move(pipeline));
  const size_t prefix = deterministic_prefix(*transforms), all = transforms->size();
  const auto loaded = std::make_shared<LoadedSource>(split_);
  size_ = loaded->size();
  prepared_ = std::make_shared<TransformedSource>(
      loaded, split_, TransformedSource::Part{transforms, 0, prefix, options_.seed, false});
  if (!options_.all_fields) {
    prepared_ = std::make_shared<FieldsSource>(prepared_, options_.fields);
  }
  cached_ = std::make_shared<CachedSource>(prepared_, split_, options_.cache);
  finished_ = std::make_shared<TransformedSource>(
      cached_, split_, TransformedSource::Part{transforms, prefix, all, options_.seed, true});
  all_ = finished_;
  if (options_.cache && (kAlwaysVerify || options_.verify_cache)) {
    all_ = std::make_shared<VerifiedSource>(
        all_, split_, cached_, std::to_string(prefix + 1) + " to " + std::to_string(all));
  }
  if (!options_.label_checks.empty()) {
    all_ = std::make_shared<CheckedSource>(all_, split_, options_.label_checks);
  }
}

Sample SampleSource::get(const SampleDraw& draw) const {
  if (draw.index < size_) return all_->get(draw);
  throw Error(ErrorKind::kUsage, "split " + split_.name + " has " + std::to_string(size_) +
                                     " samples: there is no index " + std::to_string(draw.index));
}

Sample SampleSource::prepared(size_t index) const {
  return prepared_->get({0, index});
}

Sample SampleSource::finished(Sample prepared, uint64_t epoch, size_t index) const {
  return finished_->apply(std::move(prepared), {epoch, index});
}

}  // namespace tasuki
