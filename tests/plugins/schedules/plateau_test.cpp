#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tasuki/data/seeds.h"
#include "tasuki/engine/optimizer.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<Schedule> plateau(const std::string& options, int64_t total_steps = 100) {
  return testing::make<Schedule>("tasuki/Plateau", options,
                                 {10, total_steps, {"seg.miou", "loss.seg"}});
}

// A figure that tends to become better, with much noise and some that are no numbers.
std::vector<Measured> noisy_figure(bool higher_is_better, uint64_t seed) {
  SeededDraws draws(seed);
  std::vector<Measured> figures;
  for (int t = 0; t < 60; ++t) {
    const double trend = 1 + t / 20.0, draw = draws.uniform();
    const double value = higher_is_better ? draw * trend : draw / trend;
    figures.push_back({"seg.miou", t % 17 == 5 ? std::nan("") : value, higher_is_better});
  }
  return figures;
}

struct PlateauCase {
  std::string options;
  bool higher_is_better;
  uint64_t seed;
  std::vector<int> falls;  // figures after which the factor is lower than before
  double last;
};

std::vector<int> range(int first, int step, int last) {
  std::vector<int> all;
  for (int i = first; i <= last; i += step) all.push_back(i);
  return all;
}

// Falls of torch.optim.lr_scheduler.ReduceLROnPlateau, PyTorch 2.13.0, on the same figures.
std::vector<PlateauCase> cases_of_pytorch() {
  return {{"", false, 100, {12, 23, 34, 45}, 0.00010000000000000003},
          {"factor: 0.5 patience: 2",
           false,
           101,
           {4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 34, 39, 42, 45, 48, 51, 54, 57},
           3.814697265625e-06},
          {"factor: 0.3 patience: 1 threshold: 0.05 cooldown: 3", false, 102, range(2, 5, 57),
           5.3144099999999987e-07},
          {"factor: 0.7 patience: 0 threshold: 0.02 threshold_mode: ABS min_factor: 0.01", false,
           103, range(1, 1, 13), 0.01},
          {"factor: 0.5 patience: 3 threshold: 0.1 cooldown: 2 min_factor: 0.04",
           true,
           104,
           {6, 12, 19, 29, 39},
           0.040000000000000001},
          {"factor: 0.2 patience: 4 threshold: 0.01 threshold_mode: ABS",
           true,
           105,
           {5, 14, 23, 36, 42, 51, 56},
           1.2800000000000006e-05}};
}

TEST(Plateau, FallsWhenPyTorchsDoes) {
  for (const auto& expected : cases_of_pytorch()) {
    const auto schedule = plateau("metric: \"seg.miou\" " + expected.options);
    std::vector<int> falls;
    double last = schedule->factor(0);
    EXPECT_EQ(last, 1);
    int t = 0;
    for (const auto& figure : noisy_figure(expected.higher_is_better, expected.seed)) {
      schedule->observe({{"score", 0, true}, figure}, 10 * (t + 1));
      if (schedule->factor(0) != last) falls.push_back(t);
      last = schedule->factor(0);
      ++t;
    }
    EXPECT_EQ(falls, expected.falls) << expected.options;
    EXPECT_DOUBLE_EQ(last, expected.last) << expected.options;
  }
}

// Better by a share of the size: PyTorch would take a worse one for better.
TEST(Plateau, ComesUpToFiguresBelowZero) {
  const auto schedule = testing::make<Schedule>(
      "tasuki/Plateau", "metric: \"score\" threshold: 0.1 patience: 0 factor: 0.5", {10, 100});
  const auto factor_after = [&](double score) {
    schedule->observe({{"score", score, true}}, 10);
    return schedule->factor(10);
  };
  EXPECT_EQ(factor_after(-2), 1);
  EXPECT_EQ(factor_after(-1.7), 1);      // more than a tenth better
  EXPECT_EQ(factor_after(-1.6), 0.5);    // less
  EXPECT_EQ(factor_after(-1.75), 0.25);  // worse
}

TEST(Plateau, GoesOnFromItsStateAtAnyTime) {
  const std::string options = "metric: \"seg.miou\" factor: 0.5 patience: 3 cooldown: 2";
  const auto figures = noisy_figure(true, 104);
  for (size_t stop = 0; stop <= figures.size(); stop += 7) {
    const auto whole = plateau(options), before = plateau(options), after = plateau(options);
    for (size_t i = 0; i < figures.size(); ++i) {
      whole->observe({figures[i]}, 0);
      if (i == stop) after->load_state(nlohmann::json::parse(before->state().dump()));
      (i < stop ? before : after)->observe({figures[i]}, 0);
      EXPECT_EQ((i < stop ? before : after)->factor(0), whole->factor(0)) << stop << " " << i;
    }
  }
}

TEST(Plateau, InASequenceLooksAtItsOwnPieceAlone) {
  const auto make = [] {
    return testing::make<Schedule>(
        "tasuki/Sequence",
        "piece { end: 2 schedule { [tasuki/Constant] {} } }"
        "piece { schedule { [tasuki/Plateau] { metric: \"seg.miou\" factor: 0.5 patience: 0 } } }",
        {10, 100, {"seg.miou"}});
  };
  const auto sequence = make();
  const auto see = [&](double value, int64_t epochs) {
    sequence->observe({{"seg.miou", value, true}}, 10 * epochs);
  };
  see(0.9, 1);  // of the constant piece: no best to come up to
  see(0.9, 2);
  see(0.2, 3);
  EXPECT_EQ(sequence->factor(30), 1);
  see(0.1, 4);
  EXPECT_EQ(sequence->factor(40), 0.5);
  EXPECT_EQ(sequence->factor(10), 1);
  const auto resumed = make();
  resumed->load_state(sequence->state());
  EXPECT_EQ(resumed->factor(40), 0.5);
}

TEST(Plateau, RefusesWhatIsNotMeasuredAndOptionsOutOfRange) {
  const auto refusal = [](const std::string& options) {
    try {
      plateau(options);
    } catch (const OptionError& error) {
      return std::string(error.what());
    }
    return std::string("nothing refused");
  };
  EXPECT_THAT(refusal("metric: \"seg.mio\""), HasSubstr("did you mean \"seg.miou\""));
  EXPECT_THAT(refusal("metric: \"seg.mio\""), HasSubstr("known: seg.miou, loss.seg"));
  EXPECT_THAT(refusal("metric: \"seg.miou\" factor: 1"), HasSubstr("factor: "));
  EXPECT_THAT(refusal("metric: \"seg.miou\" threshold: -1"), HasSubstr("threshold: "));
  EXPECT_THAT(refusal("metric: \"seg.miou\" min_factor: 2"), HasSubstr("min_factor: "));
}

// torch.optim.lr_scheduler.OneCycleLR(total_steps=200, ...), PyTorch 2.13.0: SGD's momentum and
// Adam's beta1 alike, as factors of max_momentum.
TEST(OneCycleMomentum, IsThatOfPyTorch) {
  const auto make = [](const std::string& options) {
    return testing::make<Schedule>("tasuki/OneCycleMomentum", options, {10, 200});
  };
  const auto cosine = make("");
  const auto linear = make("anneal: LINEAR rise: 0.25 least: 0.55555555555555556");
  struct Row {
    int64_t step;
    double of_cosine, of_linear;
  };
  for (const auto& [step, of_cosine, of_linear] :
       {Row{0, 0.94999999999999996, 0.90000000000000002},
        Row{1, 0.949929134783838, 0.89183673469387759},
        Row{30, 0.89866897392811118, 0.6551020408163265},
        Row{58, 0.85007086521616193, 0.52400000000000002},
        Row{59, 0.84999999999999998, 0.52666666666666662},
        Row{60, 0.85001258825287462, 0.52933333333333332},
        Row{100, 0.86971049780795895, 0.63600000000000001},
        Row{150, 0.92269952498697727, 0.76933333333333342},
        Row{198, 0.94998741174712531, 0.89733333333333332},
        Row{199, 0.94999999999999996, 0.90000000000000002}}) {
    EXPECT_NEAR(0.95 * cosine->factor(step), of_cosine, 1e-14) << step;
    EXPECT_NEAR(0.9 * linear->factor(step), of_linear, 1e-14) << step;
  }
}

}  // namespace
}  // namespace tasuki
