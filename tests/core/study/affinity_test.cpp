#include "tasuki/study/affinity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tasuki/study/recheck_decisions.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;

const Edge kForth{"a", "b"}, kBack{"b", "a"};

TEST(Affinities, AreReadAndAveraged) {
  const testing::TemporaryFolder folder;
  write_file_atomically(folder / kAffinityFile,
                        "{\"epoch\":1,\"affinity\":{\"a\":{\"b\":0.2},\"b\":{\"a\":null}},"
                        "\"cosine\":{\"a\":{\"b\":0.5}}}\n"
                        "{\"epoch\":3,\"affinity\":{\"a\":{\"b\":0.4},\"b\":{\"a\":-1}}}\n");
  const auto found = read_affinities(folder / kAffinityFile);
  ASSERT_EQ(found.epochs.size(), 2u);
  EXPECT_EQ(found.epochs[1].epoch, 3);
  EXPECT_NEAR(found.mean_affinity().at(kForth), 0.3, 1e-12);
  EXPECT_EQ(found.mean_affinity().at(kBack), -1);  // where it was measured
  EXPECT_EQ(found.mean_cosine().at(kForth), 0.5);
  EXPECT_EQ(found.last(0.25).mean_affinity().at(kForth), 0.4);
  EXPECT_TRUE(read_affinities(folder / "none.jsonl").empty());
}

TEST(Affinities, ABrokenLineIsNamed) {
  const testing::TemporaryFolder folder;
  for (const auto* line : {"{", "[]", "{}", "{\"epoch\":\"1\"}", "{\"epoch\":1,\"affinity\":3}",
                           "{\"epoch\":1,\"cosine\":{\"a\":{\"b\":\"x\"}}}"}) {
    write_file_atomically(folder / kAffinityFile, std::string("{\"epoch\":1}\n") + line + "\n");
    try {
      read_affinities(folder / kAffinityFile);
      FAIL() << line;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(":2: not a line of measured affinities")) << line;
    }
  }
}

Affinities measured(double forth, double back) {
  return {{{1, {{kForth, forth}, {kBack, back}}, {}}}};
}

Selection forth_alone() {
  Selection selection;
  for (const auto& edge : {kForth, kBack}) {
    auto& transfer = *selection.add_transfer();
    transfer.set_from(edge.from);
    transfer.set_to(edge.to);
    transfer.set_included(edge == kForth);
  }
  return selection;
}

TEST(Recheck, ATurnedSignNoLongerHolds) {
  const auto checks = recheck_decisions(forth_alone(), measured(0.1, -0.1), measured(-0.2, -0.3));
  ASSERT_EQ(checks.size(), 2u);
  EXPECT_EQ(checks[0].state, RecheckState::kChanged);
  EXPECT_EQ(checks[0].text, "a->b (included): affinity now -0.2, then +0.1; no longer holds");
  EXPECT_EQ(checks[1].state, RecheckState::kHolds);
}

TEST(Recheck, WithoutEarlierMeasurementsTheDecisionItselfIsTheSign) {
  const auto checks = recheck_decisions(forth_alone(), {}, measured(0.2, 0.3));
  EXPECT_EQ(checks[0].state, RecheckState::kHolds);
  EXPECT_EQ(checks[1].state, RecheckState::kChanged);
  EXPECT_EQ(checks[1].text, "b->a (not included): affinity now +0.3; no longer holds");
}

TEST(Recheck, ASignThatIsAsItWasThenHolds) {
  // Measured above 0 then as now: the search left it out for another reason.
  const auto checks = recheck_decisions(forth_alone(), measured(0.1, 0.1), measured(0.1, 0.2));
  EXPECT_EQ(checks[1].state, RecheckState::kHolds);
}

TEST(Recheck, WhatSpeaksForADecisionNowIsNoReasonToDoubtIt) {
  // Then both measurements spoke against their decisions, now for them.
  const auto turned = recheck_decisions(forth_alone(), measured(-0.1, 0.1), measured(0.2, -0.3));
  EXPECT_EQ(turned[0].state, RecheckState::kHolds);
  EXPECT_EQ(turned[1].state, RecheckState::kHolds);
  // Against them then as now: no news.
  const auto same = recheck_decisions(forth_alone(), measured(-0.1, 0.1), measured(-0.2, 0.3));
  EXPECT_EQ(same[0].state, RecheckState::kHolds);
  EXPECT_EQ(same[1].state, RecheckState::kHolds);
}

TEST(Recheck, SaysWhatWasNotMeasured) {
  for (const auto& check : recheck_decisions(forth_alone(), {}, {})) {
    EXPECT_EQ(check.state, RecheckState::kNotMeasured);
    EXPECT_THAT(check.text, HasSubstr("not measured"));
  }
}

}  // namespace
}  // namespace tasuki
