// Part of every test program with LibTorch, whose generator has another seed in each process.
#include <ATen/Context.h>
#include <gtest/gtest.h>

namespace {

// Each test draws the same numbers, whatever ran before it, and alone as in its program.
class SeededTests : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo&) override { at::manual_seed(kSeed); }

  static constexpr uint64_t kSeed = 1;
};

[[maybe_unused]] const bool added = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new SeededTests);
  return true;
}();

}  // namespace
