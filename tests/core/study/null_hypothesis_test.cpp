// How often a search adopts what has no effect. Figures of single-task and joint models are drawn
// from one distribution, so that every gain is chance; a verdict that says "adopt" is false.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tasuki/study/search_transfers.h"
#include "tasuki/study/seeds.h"
#include "tests/core/study/findings.h"

namespace tasuki {
namespace {

using testing::quality;
using testing::result_of;

constexpr int kSearches = 6000;
constexpr double kStandardErrors = 3;

// Each training of a trial with a seed has figures of its own, the same whenever it is asked for.
class ChanceTrainer : public TrialTrainer {
 public:
  explicit ChanceTrainer(uint32_t search) : search_(search) {}

  void announce(const std::string&, const std::vector<uint64_t>&) override {}

  void train(const std::vector<Trial>& trials, Findings& findings, bool) override {
    for (const auto& trial : trials) {
      for (const uint64_t seed : findings.seeds()) {
        if (!findings.has(trial, seed)) findings.add(trial, seed, result(trial, seed));
      }
    }
  }

 private:
  TrialResult result(const Trial& trial, uint64_t seed) const {
    std::vector<uint32_t> numbers = {search_, uint32_t(seed)};
    for (const char c : trial_name(trial)) numbers.push_back(uint32_t(c));
    std::seed_seq mixed(numbers.begin(), numbers.end());
    std::minstd_rand generator(mixed);
    std::normal_distribution<double> noise(0, 0.1);
    std::vector<TaskValues> values;
    for (const auto& task : trial.tasks) values.push_back(quality(task, 100 + noise(generator)));
    return result_of(values, 1);
  }

  uint32_t search_;
};

struct Case {
  const char* name;
  const char* strategy;
  std::vector<std::string> tasks;
};

struct Rates {
  double of_searches = 0;  // that adopt
  double of_verdicts = 0;  // of those that had a model to judge
  double bound = 0;        // of both: the rule's error and three standard errors
};

// Over simulated searches with three seeds that choose, and these that judge. Losses are no
// obstacle, so that nothing but the test of the gain stands between chance and adoption.
Rates false_adoptions(const Case& of, const std::vector<uint64_t>& verdict_seeds) {
  SearchSetting setting;
  setting.tasks = of.tasks;
  setting.rule.most_loss = 1e9;
  setting.seeds = seeds_from(0, 3);
  setting.verdict_seeds = verdict_seeds;
  std::vector<std::unique_ptr<Strategy>> strategies;
  strategies.push_back(make_strategy(of.strategy, {of.tasks, 8}));
  int adopted = 0, judged = 0;
  for (int i = 0; i < kSearches; ++i) {
    ChanceTrainer trainer{uint32_t(i)};
    const auto decision = search_transfers(strategies, setting, trainer);
    judged += decision.verdict.target.empty() ? 0 : 1;
    adopted += decision.verdict.adopt ? 1 : 0;
  }
  const double error = 1 - setting.rule.confidence;
  return {double(adopted) / kSearches, double(adopted) / judged,
          error + kStandardErrors * std::sqrt(error * (1 - error) / judged)};
}

class NullHypothesis : public ::testing::TestWithParam<Case> {};

TEST_P(NullHypothesis, IsRejectedNoMoreOftenThanStated) {
  const auto rates = false_adoptions(GetParam(), verdict_seeds_from(0, 3));
  EXPECT_LE(rates.of_searches, rates.bound);
  EXPECT_LE(rates.of_verdicts, rates.bound);
  EXPECT_GT(rates.of_verdicts, 0.02);  // the test is no stricter than it says either
}

const Case kCases[] = {{"EnumerateTwoTasks", "enumerate", {"a", "b"}},
                       {"EnumerateThreeTasks", "enumerate", {"a", "b", "c"}},
                       {"Halving", "halving", {"a", "b", "c"}}};

INSTANTIATE_TEST_SUITE_P(Searches, NullHypothesis, ::testing::ValuesIn(kCases),
                         [](const auto& info) { return info.param.name; });

// The same searches, judged by the seeds that chose: what the bound is there to notice.
TEST(WinnersCurse, MakesTheSeedsThatChooseBadJudges) {
  for (const size_t i : {0, 1}) {
    const auto rates = false_adoptions(kCases[i], seeds_from(0, 3));
    EXPECT_GT(rates.of_verdicts, rates.bound) << kCases[i].name;
  }
}

}  // namespace
}  // namespace tasuki
