#include "tasuki/engine/precision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fstream>
#include <opencv2/core/utility.hpp>

#include "tasuki/engine/experiment.h"
#include "tasuki/engine/process_settings.h"
#include "tasuki/system/processors.h"
#include "tests/core/engine/tiny_run.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;

TEST(Threads, AreAsAskedForOrAllThatTheProcessMayUse) {
  EXPECT_EQ(threads_for(3), 3);
  EXPECT_EQ(threads_for(0), usable_processors());
}

TEST(Threads, AreSetForAWhile) {
  const int torch_threads = at::get_num_threads(), opencv_threads = cv::getNumThreads();
  {
    const ThreadSettings set(3);
    EXPECT_EQ(at::get_num_threads(), 3);
    EXPECT_EQ(cv::getNumThreads(), 1);
  }
  EXPECT_EQ(at::get_num_threads(), torch_threads);
  EXPECT_EQ(cv::getNumThreads(), opencv_threads);
}

// What the kernel says of the processor, where it says it.
TEST(Bf16, IsNativeWhereTheProcessorSaysSo) {
  std::ifstream info("/proc/cpuinfo");
  const std::string text((std::istreambuf_iterator<char>(info)), std::istreambuf_iterator<char>());
  if (text.find("flags") == std::string::npos) GTEST_SKIP() << "no flags in /proc/cpuinfo";
  const auto has = [&](const char* flag) { return text.find(flag) != std::string::npos; };
  EXPECT_EQ(bf16_is_native(torch::kCPU),
            has(" avx512f") && (has(" avx512_bf16") || has(" amx_bf16")));
}

TEST(Bf16, IsChosenOrRefusedByTheProcessor) {
  EXPECT_EQ(choose_precision(FP32, torch::kCPU), FP32);
  if (bf16_is_native(torch::kCPU)) {
    EXPECT_EQ(choose_precision(PRECISION_AUTO, torch::kCPU), BF16);
    EXPECT_EQ(choose_precision(BF16, torch::kCPU), BF16);
    return;
  }
  EXPECT_EQ(choose_precision(PRECISION_AUTO, torch::kCPU), FP32);
  try {
    choose_precision(BF16, torch::kCPU);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("train.precision"));
  }
}

TEST(ChooseDevice, TakesCudaOnlyWhereItIs) {
  EXPECT_TRUE(choose_device(CPU).is_cpu());
  if (torch::cuda::is_available()) {
    EXPECT_TRUE(choose_device(DEVICE_AUTO).is_cuda());
    return;
  }
  EXPECT_TRUE(choose_device(DEVICE_AUTO).is_cpu());
  try {
    choose_device(CUDA);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("train.device"));
  }
}

torch::ScalarType conv_type_now() {
  return torch::conv2d(torch::ones({1, 3, 8, 8}), torch::ones({4, 3, 3, 3})).scalar_type();
}

TEST(AutocastScope, ConvolutionsRunInBf16WhileItLives) {
  const auto type = [](Precision precision) {
    const Autocast scope(precision, torch::kCPU);
    return conv_type_now();
  };
  EXPECT_EQ(type(BF16), torch::kBFloat16);
  EXPECT_EQ(type(FP32), torch::kFloat32);
  EXPECT_EQ(conv_type_now(), torch::kFloat32);
}

// Scopes in scopes, as an embedding program has them.
TEST(AutocastScope, BringsBackWhatWasThere) {
  const Autocast outer(BF16, torch::kCPU);
  for (const auto precision : {FP32, BF16}) {
    {
      const Autocast inner(precision, torch::kCPU);
      EXPECT_EQ(conv_type_now(), precision == BF16 ? torch::kBFloat16 : torch::kFloat32);
      { const Autocast innermost(BF16, torch::kCPU); }
      EXPECT_EQ(conv_type_now(), precision == BF16 ? torch::kBFloat16 : torch::kFloat32);
    }
    EXPECT_EQ(conv_type_now(), torch::kBFloat16);
  }
}

// A cast that is kept tells of the weight as it was.
TEST(AutocastScope, CastsOfWeightsAreKeptUntilTheOutermostEnds) {
  auto weight = torch::ones({1, 1, 1, 1}).requires_grad_();
  const auto image = torch::ones({1, 1, 1, 1});
  const auto value = [&] { return torch::conv2d(image, weight).item<float>(); };
  {
    const Autocast outer(BF16, torch::kCPU);
    EXPECT_EQ(value(), 1);
    { const Autocast inner(BF16, torch::kCPU); }
    weight.variable_data().fill_(2);
    EXPECT_EQ(value(), 1);
    forget_casts();
    EXPECT_EQ(value(), 2);
    weight.variable_data().fill_(3);
  }
  const Autocast next(BF16, torch::kCPU);
  EXPECT_EQ(value(), 3);
}

TEST(ExactFloat32, AllowsNothingCoarserThanFp32WhileItLives) {
  const bool before = tf32_is_allowed();
  EXPECT_TRUE(before);  // LibTorch's default: TF32 in cuDNN
  const Autocast outer(BF16, torch::kCPU);
  {
    const ExactFloat32 exact(torch::kCPU);
    EXPECT_FALSE(tf32_is_allowed());
    EXPECT_EQ(conv_type_now(), torch::kFloat32);
    { const ExactFloat32 inner(torch::kCPU); }
    EXPECT_FALSE(tf32_is_allowed());
    EXPECT_EQ(conv_type_now(), torch::kFloat32);
  }
  EXPECT_TRUE(tf32_is_allowed());
  EXPECT_EQ(conv_type_now(), torch::kBFloat16);
}

TEST(MachineAssignments, FixWhatAConfigLeavesOpen) {
  const auto open = testing::tiny_config(
      {"train.threads=0", "train.device=DEVICE_AUTO", "train.precision=PRECISION_AUTO"});
  const auto assignments = machine_assignments(open);
  const auto fixed = testing::tiny_config(assignments).message().train();
  EXPECT_GT(fixed.threads(), 0u);
  EXPECT_NE(fixed.device(), DEVICE_AUTO);
  EXPECT_NE(fixed.precision(), PRECISION_AUTO);
  EXPECT_EQ(machine_assignments(testing::tiny_config(assignments)), assignments);
}

}  // namespace
}  // namespace tasuki
