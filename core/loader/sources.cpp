#include "tasuki/loader/sources.h"

#include <algorithm>
#include <new>

#include "tasuki/data/seeds.h"
#include "tasuki/error/error.h"

namespace tasuki {
namespace {

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

std::string file_of_image(const Sample& sample) {
  const auto image = sample.fields.find("image");
  return image == sample.fields.end() ? "" : image->second.file;
}

std::string sample_place(const std::string& id, const std::string& split, size_t index,
                         const std::string& file) {
  return "sample " + id + " (split " + split + ", index " + std::to_string(index) +
         (file.empty() ? "" : ", " + file) + ")";
}

uint64_t seed_of(uint64_t seed, const SampleDraw& draw) {
  if (draw.repeat == 0) return mix_seeds({seed, draw.epoch, draw.index});
  return mix_seeds({seed, draw.epoch, draw.index, draw.repeat});
}

}  // namespace

size_t deterministic_prefix(const Pipeline& pipeline) {
  const auto random = std::find_if(pipeline.begin(), pipeline.end(),
                                   [](const auto& transform) { return transform->random(); });
  return static_cast<size_t>(random - pipeline.begin());
}

std::string SourceSplit::place(const Sample& sample, size_t index, std::string file) const {
  return sample_place(sample.id, name, index, file);
}

std::string SourceSplit::place(size_t index) const {
  const auto ids = dataset->ids(name);
  return sample_place(index < ids.size() ? ids[index] : std::string("?"), name, index, "");
}

Sample LoadedSource::get(const SampleDraw& draw) const {
  return located([&] { return split_.place(draw.index); },
                 [&] { return split_.dataset->load(split_.name, draw.index); });
}

Sample TransformedSource::apply(Sample sample, const SampleDraw& draw) const {
  const auto& all = *part_.pipeline;
  cv::RNG random(part_.random ? seed_of(part_.seed, draw) : mix_seeds({part_.seed, draw.index}));
  for (size_t step = part_.begin; step < part_.end; ++step) {
    located(
        [&] {
          return split_.place(sample, draw.index, file_of_image(sample)) + ", transform " +
                 std::to_string(step + 1) + " of " + std::to_string(all.size());
        },
        [&] { all[step]->apply(sample, random); });
  }
  return sample;
}

Sample FieldsSource::get(const SampleDraw& draw) const {
  Sample sample = inner_->get(draw);
  std::erase_if(sample.fields, [&](const auto& entry) {
    return entry.first != "image" &&
           std::find(fields_.begin(), fields_.end(), entry.first) == fields_.end();
  });
  return sample;
}

Sample CachedSource::get(const SampleDraw& draw) const {
  if (const Sample* kept = cache_.find(draw.index)) return *kept;
  Sample sample = inner_->get(draw);
  located([&] { return split_.place(sample, draw.index); },
          [&] { cache_.keep(draw.index, sample); });
  return sample;
}

Sample VerifiedSource::get(const SampleDraw& draw) const {
  Sample sample = inner_->get(draw);
  if (cached_->unchanged(draw.index)) return sample;
  throw Error(ErrorKind::kPlugin,
              split_.place(draw.index) + ": one of the transforms " + suspects_ +
                  " wrote into the pixels of a cached sample; a transform has to put its result "
                  "into a Mat of its own");
}

// Another kind, and a Mat of another type than its kind's, are for others to refuse.
Sample CheckedSource::get(const SampleDraw& draw) const {
  Sample sample = inner_->get(draw);
  for (const auto& check : checks_) {
    const auto found = sample.fields.find(check.field);
    if (found == sample.fields.end()) continue;
    const Field& field = found->second;
    if (field.kind != check.kind || field.value.type() != check.kind->mat_type()) continue;
    const std::string wrong = check.error(field.value);
    if (wrong.empty()) continue;
    const std::string file = field.file.empty() ? file_of_image(sample) : field.file;
    throw Error(ErrorKind::kData,
                split_.place(sample, draw.index, file) + ", " + check.user + ": " + wrong);
  }
  return sample;
}

}  // namespace tasuki
