#include "tasuki/distributed/process_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstdlib>

#include "tests/core/distributed/in_processes.h"

namespace tasuki::testing {
namespace {

using ::testing::HasSubstr;

TEST(ProcessGroup, SumsTensorsOfEveryKind) {
  TASUKI_IN_PROCESSES(3);
  const auto group = join_team();
  ASSERT_EQ(group->size(), 3);
  EXPECT_EQ(group->is_first(), group->rank() == 0);
  for (const auto type :
       {torch::kFloat64, torch::kFloat32, torch::kHalf, torch::kBFloat16, torch::kInt64}) {
    const auto x = torch::arange(60).view({3, 4, 5}).to(type) + group->rank();
    const auto expected = torch::arange(60).view({3, 4, 5}).to(type) * 3 + 3;
    auto whole = x.clone();
    group->sum(whole);
    EXPECT_TRUE(whole.equal(expected)) << type;
    auto turned = x.clone().transpose(0, 2);  // not contiguous
    group->sum(turned);
    EXPECT_TRUE(turned.equal(expected.transpose(0, 2))) << type;
    auto column = x.clone();
    group->sum(column.select(2, 1));
    EXPECT_TRUE(column.select(2, 1).equal(expected.select(2, 1))) << type;
    EXPECT_TRUE(column.select(2, 0).equal(x.select(2, 0))) << type;
  }
  auto scalar = torch::tensor(double(group->rank()), torch::kFloat64);
  group->mean(scalar);
  EXPECT_EQ(scalar.item<double>(), 1);
  auto parameter = torch::ones({2}, torch::requires_grad());
  group->sum(parameter);
  EXPECT_EQ(parameter.sum().item<double>(), 6);
  group->sum(torch::empty({0}));
}

// Sums of numbers that don't add exactly.
TEST(ProcessGroup, SumsHaveTheSameBitsEverywhere) {
  TASUKI_IN_PROCESSES(3);
  const auto group = join_team();
  torch::manual_seed(uint64_t(group->rank()));
  for (const int64_t length : {1, 7, 1000, 100000}) {
    auto x = torch::randn({length});
    group->sum(x);
    const std::string bits(static_cast<const char*>(x.data_ptr()), size_t(x.nbytes()));
    for (const auto& others : group->gather(bits)) EXPECT_TRUE(others == bits) << length;
  }
}

TEST(ProcessGroup, BroadcastsAndGathers) {
  TASUKI_IN_PROCESSES(3);
  const auto group = join_team();
  auto x = torch::full({2, 3}, double(group->rank()) + 1).t();
  group->broadcast(x);
  EXPECT_EQ(x.sum().item<double>(), 6);
  const std::string zero("a\0b", 3);
  const std::vector<std::string> all = {zero, "", "long enough to be another length"};
  EXPECT_EQ(group->gather(all[size_t(group->rank())]), all);
  EXPECT_EQ(group->gather(""), std::vector<std::string>(3));
}

TEST(ProcessGroup, TellsTheOthersWhyOneFailed) {
  TASUKI_IN_PROCESSES(3);
  const auto group = join_team();
  if (group->rank() == 1) {
    EXPECT_TRUE(group->fail("no more paper"));
    EXPECT_FALSE(group->fail("a later one"));
    return;
  }
  auto x = torch::ones({1000});
  try {
    group->sum(x);
    FAIL();
  } catch (const ProcessLost& lost) {
    EXPECT_EQ(lost.kind(), ErrorKind::kRun);
    EXPECT_TRUE(lost.is_told());
    EXPECT_STREQ(lost.what(), "process 1 of 3 failed: no more paper");
  }
}

TEST(ProcessGroup, NoticesOneThatIsGoneWithoutAWord) {
  TASUKI_IN_PROCESSES(2);
  const auto group = join_team();
  if (group->rank() == 1) std::_Exit(0);
  auto x = torch::ones({1000});
  try {
    group->sum(x);
    FAIL();
  } catch (const ProcessLost& lost) {
    EXPECT_FALSE(lost.is_told());
    EXPECT_THAT(lost.what(), HasSubstr("process 0 of 2 has lost another process"));
  }
}

}  // namespace
}  // namespace tasuki::testing
