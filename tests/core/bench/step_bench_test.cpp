#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>

#include "tasuki/bench/step_bench.h"
#include "tasuki/engine/weighting_choices.h"

namespace tasuki {
namespace {

ResolvedConfig quickstart(const std::vector<std::string>& assignments = {}) {
  return load_config(TASUKI_SOURCE_DIR "/configs/rooms/quickstart.pbtxt", assignments);
}

// "Plain" is what it is said to be, and all variants see the same samples.
TEST(Bench, ThePlainStepHasBatchesAsNchw) {
  const StepBench bench{
      quickstart({"data.dataset.height=32", "data.dataset.width=40", "train.device=CPU"}), ""};
  const auto variants = step_variants(bench.config);
  ASSERT_GE(variants.size(), 2u);
  EXPECT_EQ(variants[0].name, "plain fp32");
  const auto plain = first_batch(variants[0], bench);
  for (size_t i = 1; i < variants.size(); ++i) {
    const auto batch = first_batch(variants[i], bench);
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
  const auto assignments = step_variants(quickstart())[0].assignments;
  for (const std::string expected : {"model.task[seg].decoder.exact_shortcuts=false",
                                     "model.task[depth].decoder.exact_shortcuts=false",
                                     "model.task[normal].decoder.exact_shortcuts=false",
                                     "train.precision=FP32", "train.channels_last=false"}) {
    EXPECT_EQ(std::count(assignments.begin(), assignments.end(), expected), 1) << expected;
  }
}

TEST(Bench, WeightingsAreMeasuredWithoutAndWithSelfAuxiliaries) {
  const auto names = [](const ResolvedConfig& config) {
    std::vector<std::string> all;
    for (const auto& variant :
         weighting_variants(config, {"[tasuki/EW]{}", "[tasuki/AutoLambda]{every:4}"})) {
      all.push_back(variant.name);
    }
    return all;
  };
  EXPECT_EQ(names(quickstart()), (std::vector<std::string>{"EW", "AutoLambda {every:4}"}));
  const auto with =
      quickstart({"model.self_auxiliary={[tasuki/Transfers]{edge{from:\"normal\" to:\"depth\"}}}"});
  EXPECT_EQ(names(with),
            (std::vector<std::string>{"EW", "AutoLambda {every:4}", "EW + self-auxiliaries",
                                      "AutoLambda {every:4} + self-auxiliaries"}));
}

// Three objectives: one gradient each where their gradients are combined, one for all elsewhere.
TEST(Bench, CountsTheWalksThroughTheModel) {
  const StepBench bench{quickstart({"data.dataset.height=32", "data.dataset.width=40",
                                    "data.loader.batch_size=2", "train.device=CPU"}),
                        "", 2, 1};
  auto variants = weighting_variants(bench.config, {"[tasuki/EW]{}", "[tasuki/PCGrad]{}",
                                                    "[tasuki/PCGrad]{gradients{at: FEATURES}}"});
  size_t steps = 0;
  measure_steps(variants, bench, [&] { ++steps; });
  EXPECT_EQ(steps, step_count(variants.size(), bench));
  const std::vector<double> expected = {1, 3, 1};
  for (size_t k = 0; k < variants.size(); ++k) {
    EXPECT_EQ(variants[k].passes.shared, expected[k]) << variants[k].name;
    EXPECT_EQ(variants[k].passes.decoders, 1) << variants[k].name;
    EXPECT_EQ(variants[k].beside.size(), k == 0 ? 0u : 2u);
    EXPECT_EQ(variants[k].seconds.size(), k == 0 ? 4u : 2u);
  }
  const auto bound = separate_passes_bound(variants[0], bench);
  ASSERT_TRUE(bound.has_value());
  EXPECT_GT(*bound, 1);
}

// The gradient once, or of the shared part one for each of three objectives; by features the small
// matrix of their products.
TEST(Bench, CountsWhatProcessesTellEachOther) {
  const StepBench bench{quickstart({"data.dataset.height=32", "data.dataset.width=40",
                                    "data.loader.batch_size=2", "train.device=CPU"}),
                        "", 1, 1};
  auto variants = weighting_variants(bench.config, {"[tasuki/EW]{}", "[tasuki/PCGrad]{}",
                                                    "[tasuki/PCGrad]{gradients{at: FEATURES}}"});
  measure_steps(variants, bench, [] {});
  const auto& run = *variants[0].run;
  double all = 0, shared = 0, buffers = 0;
  for (const auto& item : run.experiment.model->named_parameters()) {
    const double bytes = double(item.value().nbytes());
    all += bytes;
    if (item.key().find(".shared.") != std::string::npos) shared += bytes;
  }
  for (const auto& buffer : run.experiment.model->buffers()) buffers += double(buffer.nbytes());
  ASSERT_GT(shared, 0);
  constexpr double kSmall = 1024;  // losses, coefficients, products
  const auto bytes = [&](size_t k) { return variants[k].told_mib * (1 << 20); };
  EXPECT_NEAR(bytes(0), all + buffers, kSmall);
  EXPECT_NEAR(bytes(1), all + 2 * shared + buffers, kSmall);
  EXPECT_NEAR(bytes(2), all + buffers, kSmall);
}

TEST(Bench, AllWeightingsAreMeasuredOrLeftOutWithAReason) {
  std::vector<std::string> left_out;
  const auto all = all_weightings(quickstart({"train.device=CPU"}), "", left_out);
  for (const auto& name : Registry::instance().names(Weighting::kKind)) {
    const bool measured = std::count(all.begin(), all.end(), "[" + name + "]{}") == 1;
    const bool named = std::any_of(left_out.begin(), left_out.end(), [&](const auto& reason) {
      return reason.rfind(name + ": ", 0) == 0;
    });
    EXPECT_NE(measured, named) << name;
  }
}

TEST(Bench, TheMedianIsTheMiddle) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
}

}  // namespace
}  // namespace tasuki
