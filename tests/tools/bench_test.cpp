#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>

#include "tools/bench_variant.h"

namespace tasuki::tools {
namespace {

// "Plain" is what it is said to be, and all variants see the same samples.
TEST(Bench, ThePlainStepHasBatchesAsNchw) {
  BenchOptions options;
  options.config.file = std::string(TASUKI_SOURCE_DIR) + "/configs/rooms/quickstart.pbtxt";
  options.config.assignments = {"data.dataset.height=32", "data.dataset.width=40",
                                "train.device=CPU"};
  const auto config = options.config.load();
  const auto variants = step_variants(config);
  ASSERT_GE(variants.size(), 2u);
  EXPECT_EQ(variants[0].name, "plain fp32");
  const auto plain = first_batch(variants[0], options);
  for (size_t i = 1; i < variants.size(); ++i) {
    const auto batch = first_batch(variants[i], options);
    for (const auto& [name, tensor] : batch.tensors) {
      const auto& other = plain.tensor(name);
      EXPECT_TRUE(tensor.equal(other)) << name;
      EXPECT_TRUE(other.is_contiguous()) << name;
      if (tensor.dim() < 4 || tensor.size(1) == 1) continue;
      EXPECT_TRUE(tensor.is_contiguous(at::MemoryFormat::ChannelsLast)) << name;
      EXPECT_FALSE(other.is_contiguous(at::MemoryFormat::ChannelsLast)) << name;
    }
  }
}

// Every decoder's exact shortcuts are off, and the flag for the weights is that of the batches.
TEST(Bench, ThePlainStepHasNoShortcuts) {
  BenchOptions options;
  options.config.file = std::string(TASUKI_SOURCE_DIR) + "/configs/rooms/quickstart.pbtxt";
  const auto assignments = step_variants(options.config.load())[0].assignments;
  for (const std::string expected : {"model.task[seg].decoder.exact_shortcuts=false",
                                     "model.task[depth].decoder.exact_shortcuts=false",
                                     "model.task[normal].decoder.exact_shortcuts=false",
                                     "train.precision=FP32", "train.channels_last=false"}) {
    EXPECT_EQ(std::count(assignments.begin(), assignments.end(), expected), 1) << expected;
  }
}

}  // namespace
}  // namespace tasuki::tools
