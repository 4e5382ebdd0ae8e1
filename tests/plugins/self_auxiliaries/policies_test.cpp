#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tasuki/model/self_auxiliary.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

using ::testing::ElementsAre;

const SelfAuxiliary::Context kThreeTasks = {{"seg", "depth", "normal"}, {"seg", "depth"}};

std::vector<std::string> edges(const std::string& policy, const std::string& options,
                               const SelfAuxiliary::Context& context = kThreeTasks) {
  std::vector<std::string> found;
  const auto made = testing::make<SelfAuxiliary>(policy, options, context);
  for (const auto& transfer : made->transfers()) {
    found.push_back(transfer.from + "->" + transfer.to);
  }
  return found;
}

std::string policy_refusal(const std::string& policy, const std::string& options,
                           const SelfAuxiliary::Context& context = kThreeTasks) {
  try {
    edges(policy, options, context);
  } catch (const OptionError& error) {
    return error.field() + ": " + error.problem();
  }
  return "not refused";
}

TEST(AllPairs, IncludesAndExcludes) {
  EXPECT_THAT(edges("tasuki/AllPairs", ""),
              ElementsAre("depth->seg", "normal->seg", "seg->depth", "normal->depth"));
  EXPECT_THAT(edges("tasuki/AllPairs", "include { from: 'normal' } exclude { to: 'depth' }"),
              ElementsAre("normal->seg"));
  EXPECT_THAT(edges("tasuki/AllPairs", "exclude { from: 'seg' } exclude { to: 'depth' }"),
              ElementsAre("depth->seg", "normal->seg"));
}

TEST(AllPairs, NoEntryIsWithoutEffect) {
  EXPECT_EQ(policy_refusal("tasuki/AllPairs", "include { from: 'seg' } exclude { to: 'depth' }"),
            "exclude: leaves none of the pairs that are included");
  EXPECT_EQ(policy_refusal("tasuki/AllPairs", "exclude { to: 'seg' } exclude { to: 'depth' }"),
            "exclude: leaves none of the pairs that are included");
  // A task that the model does not predict has no route; a task is no pair with itself.
  for (const auto* ends : {"to: 'normal'", "from: 'seg' to: 'seg'"}) {
    EXPECT_EQ(
        policy_refusal("tasuki/AllPairs",
                       std::string("include { to: 'seg' } include { ") + ends + " }"),
        "include[1]: no pair of the model has these ends; those that can learn are: seg, depth");
  }
  EXPECT_EQ(policy_refusal("tasuki/AllPairs", "include { to: 'seg' } exclude { to: 'depth' }"),
            "exclude[0]: takes nothing away: no pair that is included has these ends");
}

TEST(AllPairs, NeedsTwoTasks) {
  EXPECT_EQ(policy_refusal("tasuki/AllPairs", "", {{"seg"}, {"seg"}}),
            ": needs two tasks or more; the model has: seg");
}

TEST(TransferList, HasTransfers) {
  EXPECT_EQ(policy_refusal("tasuki/Transfers", ""),
            "edge: is missing: name the transfers, edge { from: \"TASK\" to: \"TASK\" }");
}

// Beyond 1e6 a loss leaves no digit of the others in float32.
TEST(Coefficients, AreRefusedWhereTheyAreRead) {
  for (const auto* value : {"1e308", "1.1e6", "inf", "nan", "-1"}) {
    const auto refusal =
        policy_refusal("tasuki/AllPairs", "coefficient { value: " + std::string(value) + " }");
    EXPECT_EQ(refusal.rfind("coefficient.value: must be 0 to 1000000, not ", 0), 0u) << refusal;
  }
  EXPECT_EQ(edges("tasuki/AllPairs", "coefficient { value: 1e6 }").size(), 4u);
}

}  // namespace
}  // namespace tasuki
