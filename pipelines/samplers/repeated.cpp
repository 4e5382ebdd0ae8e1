#include "pipelines/samplers/samplers.pb.h"
#include "tasuki/data/sampler.h"
#include "tasuki/registry/registry.h"

namespace tasuki::samplers {
namespace {

class Repeated : public Sampler {
 public:
  Repeated(const options::RepeatedSampler& options, const Context& context)
      : together_(options.together()) {
    const int listed = options.part_times_size();
    require_option(!options.has_times() || listed == 0, "times", "give times or part_times");
    require_option(listed == 0 || size_t(listed) == context.parts.size(), "part_times",
                   "the split has " + std::to_string(context.parts.size()) + " parts, and " +
                       std::to_string(listed) + " are given");
    const size_t times = options.has_times() ? options.times() : 2;
    for (size_t part = 0; part < context.parts.size(); ++part) {
      const size_t own = listed == 0 ? times : options.part_times(int(part));
      times_.insert(times_.end(), context.parts[part].size, own);
      length_ += own * context.parts[part].size;
    }
    require_option(length_ > 0 || times_.empty(), listed == 0 ? "times" : "part_times",
                   "must be at least 1, or an epoch has no samples");
  }

  size_t length() const override { return length_; }

  std::vector<size_t> order(uint64_t seed, uint64_t epoch) const override {
    std::vector<size_t> all;
    all.reserve(length_);
    if (!together_) {
      for (size_t i = 0; i < times_.size(); ++i) all.insert(all.end(), times_[i], i);
      shuffle_order(all, seed, epoch);
      return all;
    }
    for (const size_t i : epoch_order(times_.size(), true, seed, epoch)) {
      all.insert(all.end(), times_[i], i);
    }
    return all;
  }

 private:
  bool together_;
  std::vector<size_t> times_;  // by sample
  size_t length_ = 0;
};

}  // namespace

TASUKI_REGISTER(Sampler, Repeated, options::RepeatedSampler, "tasuki/RepeatedSampler");

}  // namespace tasuki::samplers
