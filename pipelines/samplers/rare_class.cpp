#include <algorithm>
#include <cmath>
#include <future>
#include <map>

#include "pipelines/samplers/cumulative_weights.h"
#include "pipelines/samplers/samplers.pb.h"
#include "tasuki/data/sampler.h"
#include "tasuki/registry/registry.h"
#include "tasuki/system/processors.h"

namespace tasuki::samplers {
namespace {

using PixelCounts = std::map<int, size_t>;  // by class

// Keeps these draws apart from others of the same seed and epoch.
constexpr uint64_t kRareClassPurpose = 0x72617265u;

PixelCounts count_classes(const Sample& sample, const std::string& name) {
  const Field& field = sample.field(name);
  if (field.kind->tensor_type() != FieldKind::TensorType::kIndex) {
    throw OptionError("field", "\"" + name + "\" of sample " + sample.id + " has no classes");
  }
  PixelCounts counts;
  for (int y = 0; y < field.value.rows; ++y) {
    const int* row = field.value.ptr<int>(y);
    for (int x = 0; x < field.value.cols; ++x) {
      if (row[x] >= 0) ++counts[row[x]];
    }
  }
  return counts;
}

// Of every sample of the split, read side by side.
std::vector<PixelCounts> count_all(const Sampler::Context& context, const std::string& field) {
  std::vector<PixelCounts> all(context.size());
  const auto threads = size_t(std::max(1, int(usable_processors())));
  std::vector<std::future<void>> parts;
  for (size_t first = 0; first < threads; ++first) {
    parts.push_back(std::async(std::launch::async, [&, first] {
      for (size_t i = first; i < all.size(); i += threads) {
        all[i] = count_classes(context.load(i), field);
      }
    }));
  }
  for (auto& part : parts) part.wait();
  for (auto& part : parts) part.get();
  return all;
}

class RareClass : public Sampler {
 public:
  RareClass(const options::RareClassSampler& options, const Context& context)
      : length_(options.has_samples() ? options.samples() : context.size()) {
    const double temperature = options.temperature();
    const size_t least = options.least_pixels();
    const std::string field = options.field();
    const auto counts = count_all(context, field);
    PixelCounts pixels;
    std::map<int, std::vector<size_t>> showing;
    size_t labelled = 0;
    for (size_t i = 0; i < counts.size(); ++i) {
      for (const auto& [label, count] : counts[i]) {
        pixels[label] += count;
        labelled += count;
        if (count >= least) showing[label].push_back(i);
      }
    }
    require_option(!showing.empty() || counts.empty(), "field",
                   "no sample of the split shows a class of \"" + field + "\"");
    for (auto& [label, samples] : showing) {
      const double share = double(pixels.at(label)) / double(labelled);
      weights_.add(std::exp(-share / temperature));  // exp(1 / temperature) cancels
      samples_.push_back(std::move(samples));
    }
    require_option(weights_.total() > 0 || counts.empty(), "temperature",
                   "is so small that no class has any probability");
  }

  size_t length() const override { return length_; }

  std::vector<size_t> order(uint64_t seed, uint64_t epoch) const override {
    SeededDraws draws(mix_seeds({kRareClassPurpose, seed, epoch}));
    std::vector<size_t> all;
    for (size_t i = 0; i < length_; ++i) {
      const auto& samples = samples_[weights_.draw(draws)];
      all.push_back(samples[draws.below(samples.size())]);
    }
    return all;
  }

 private:
  size_t length_;
  CumulativeWeights weights_;                 // of the classes
  std::vector<std::vector<size_t>> samples_;  // that show each class
};

}  // namespace

TASUKI_REGISTER(Sampler, RareClass, options::RareClassSampler, "tasuki/RareClassSampler");

}  // namespace tasuki::samplers
