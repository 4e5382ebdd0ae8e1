#include "pipelines/samplers/samplers.pb.h"
#include "tasuki/data/sampler.h"
#include "tasuki/registry/registry.h"

namespace tasuki::samplers {
namespace {

template <bool shuffle>
class Once : public Sampler {
 public:
  template <class Options>
  Once(const Options&, const Context& context) : size_(context.size()) {}

  size_t length() const override { return size_; }
  std::vector<size_t> order(uint64_t seed, uint64_t epoch) const override {
    return epoch_order(size_, shuffle, seed, epoch);
  }

 private:
  size_t size_;
};

using Shuffled = Once<true>;
using Sequential = Once<false>;

}  // namespace

TASUKI_REGISTER(Sampler, Shuffled, options::ShuffledSampler, "tasuki/ShuffledSampler");
TASUKI_REGISTER(Sampler, Sequential, options::SequentialSampler, "tasuki/SequentialSampler");

}  // namespace tasuki::samplers
