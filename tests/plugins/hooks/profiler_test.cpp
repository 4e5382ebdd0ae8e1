#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "tasuki/io/files.h"
#include "tests/core/engine/killed_run.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using testing::FakeHook;
using ::testing::HasSubstr;
using testing::TinyRun;

constexpr double kRounding = 1e-3;  // microseconds; the clock's are nanoseconds

struct Span {
  std::string name, category;
  double begin, end;
  int64_t thread;
  json arguments;
  bool holds(const Span& other) const {
    return begin <= other.begin + kRounding && other.end <= end + kRounding;
  }
};

std::vector<Span> read_trace(const std::filesystem::path& folder) {
  const auto trace = json::parse(read_file(folder / "trace.json"));
  std::vector<Span> spans;
  for (const auto& event : trace.at("traceEvents")) {
    if (event.at("ph") == "M") continue;
    EXPECT_EQ(event.at("ph"), "X");
    EXPECT_TRUE(event.at("pid").is_number_integer());
    const double begin = event.at("ts"), duration = event.at("dur");
    EXPECT_GE(begin, 0);
    EXPECT_GE(duration, 0);
    spans.push_back({event.at("name"), event.at("cat"), begin, begin + duration, event.at("tid"),
                     event.at("args")});
  }
  return spans;
}

std::vector<Span> of_category(const std::vector<Span>& spans, const std::string& category) {
  std::vector<Span> found;
  std::copy_if(spans.begin(), spans.end(), std::back_inserter(found),
               [&](const Span& span) { return span.category == category; });
  std::stable_sort(found.begin(), found.end(),
                   [](const Span& a, const Span& b) { return a.begin < b.begin; });
  return found;
}

std::vector<std::string> names_of(const std::vector<Span>& spans) {
  std::vector<std::string> names;
  for (const auto& span : spans) names.push_back(span.name);
  return names;
}

class ProfilerTest : public ::testing::Test {
 protected:
  // Two epochs of three steps.
  std::vector<Span> trace_of(const std::string& options,
                             const std::vector<std::string>& more = {}) {
    auto with = more;
    with.push_back("train.hook[profiler].hook=[tasuki/Profiler]{" + options + "}");
    TinyRun(folder_.path(), with).train();
    return read_trace(folder_.path());
  }
  testing::TemporaryFolder folder_;
};

// Of one thread, any two spans lie one within the other or one behind the other.
TEST_F(ProfilerTest, SpansOfAThreadAreNested) {
  for (const std::string workers : {"0", "1"}) {
    auto spans = trace_of("warmup: 1 steps: 4", {"data.loader.workers=" + workers});
    std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
      return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
    });
    std::map<int64_t, std::vector<Span>> open;
    for (const auto& span : spans) {
      auto& stack = open[span.thread];
      while (!stack.empty() && stack.back().end <= span.begin + kRounding) stack.pop_back();
      if (!stack.empty()) {
        EXPECT_TRUE(stack.back().holds(span)) << stack.back().name << " and " << span.name;
      }
      stack.push_back(span);
    }
    EXPECT_GT(spans.size(), 400u);
  }
}

TEST_F(ProfilerTest, HasTheStepsBehindTheWarmUpWithTheirPhases) {
  const auto spans = trace_of("warmup: 1 steps: 3");
  const auto steps = of_category(spans, "step");
  EXPECT_THAT(names_of(steps), ElementsAre("step 2", "step 3", "step 4"));
  std::vector<Span> all;
  for (const auto& step : steps) {
    std::vector<Span> phases;
    for (const auto& phase : of_category(spans, "phase")) {
      if (step.holds(phase)) phases.push_back(phase);
    }
    EXPECT_THAT(names_of(phases),
                ElementsAre("data", "forward", "losses", "backward", "unscale", "reduce", "combine",
                            "clip", "update", "after", "hooks"));
    all.insert(all.end(), phases.begin(), phases.end());
  }
  EXPECT_EQ(all.size(), of_category(spans, "phase").size());
  // Between steps 3 and 4; what it computes is not recorded.
  const auto evaluations = of_category(spans, "evaluation");
  ASSERT_EQ(evaluations.size(), 1u);
  EXPECT_TRUE(std::none_of(spans.begin(), spans.end(), [&](const Span& span) {
    return span.category == "cpu_op" && evaluations[0].holds(span);
  }));
}

// Operators lie in the phases that call them.
TEST_F(ProfilerTest, OperatorsLieInTheirPhases) {
  const auto spans = trace_of("warmup: 0 steps: 1");
  const auto steps = of_category(spans, "step");
  EXPECT_THAT(names_of(steps), ElementsAre("step 1"));
  std::map<std::string, std::set<std::string>> names;
  for (const auto& phase : of_category(spans, "phase")) {
    for (const auto& span : spans) {
      if (span.thread == phase.thread && phase.holds(span)) names[phase.name].insert(span.name);
    }
  }
  EXPECT_TRUE(names["forward"].count("aten::convolution"));
  EXPECT_TRUE(names["backward"].count("aten::convolution_backward"));
  EXPECT_FALSE(names["forward"].count("aten::convolution_backward"));
  EXPECT_FALSE(names["losses"].count("aten::convolution"));
  EXPECT_FALSE(names["backward"].count("aten::convolution"));
  EXPECT_FALSE(of_category(spans, "autograd").empty());
  // Each convolution of the forward pass by the number that its gradient has, too.
  std::set<int64_t> forward, backward;
  for (const auto& span : spans) {
    if (!span.arguments.contains("Sequence number")) continue;
    const int64_t number = span.arguments["Sequence number"];
    if (span.name == "aten::convolution") forward.insert(number);
    if (span.name.starts_with("ConvolutionBackward")) backward.insert(number);
  }
  EXPECT_FALSE(backward.empty());
  EXPECT_TRUE(std::includes(forward.begin(), forward.end(), backward.begin(), backward.end()));
}

TEST_F(ProfilerTest, OperatorsHaveTheirSizesWhereAskedFor) {
  for (const bool shapes : {false, true}) {
    const auto spans =
        trace_of(std::string("warmup: 1 steps: 1 shapes: ") + (shapes ? "true" : "false"));
    std::vector<Span> convolutions;
    for (const auto& span : of_category(spans, "cpu_op")) {
      if (span.name == "aten::convolution") convolutions.push_back(span);
    }
    ASSERT_FALSE(convolutions.empty());
    const auto& arguments = convolutions.front().arguments;
    EXPECT_EQ(arguments.contains("Input Dims"), shapes);
    if (!shapes) continue;
    EXPECT_EQ(arguments["Input Dims"][0], json({2, 3, 32, 40}));
    EXPECT_EQ(arguments["Input Dims"][1][1], 3);
    EXPECT_EQ(arguments["Input type"][0], "float");
    EXPECT_EQ(arguments["Input Dims"].size(), arguments["Input type"].size());
  }
}

// Afterwards nothing is recorded, and another run can be.
TEST_F(ProfilerTest, TheRunStaysTheSame) {
  TinyRun without(folder_ / "without");
  without.train();
  for (const std::string dir : {"first", "second"}) {
    TinyRun with(folder_ / dir,
                 {"train.hook[profiler].hook=[tasuki/Profiler]{warmup: 1 steps: 2 shapes: true}"});
    auto hook = std::make_unique<FakeHook>();
    std::optional<bool> early, due, late;
    hook->at_after_step = [&](tasuki::Run& run) {
      if (run.step == 1) early = at::hasGlobalCallbacks();
      if (run.step == 2) due = at::hasGlobalCallbacks();
      if (run.step == 4) late = at::hasGlobalCallbacks();
    };
    with.hooks.push_back({"looks", 110, std::move(hook)});
    with.train();
    EXPECT_EQ(early, true);
    EXPECT_EQ(due, true);
    EXPECT_EQ(late, false);
    EXPECT_EQ(
        testing::first_difference(testing::weights_of(with.run), testing::weights_of(without.run)),
        "");
    EXPECT_EQ(testing::history_of(folder_ / dir), testing::history_of(folder_ / "without"));
  }
}

// A run that fails or is stopped leaves what there is.
TEST_F(ProfilerTest, ARunThatEndsEarlyLeavesTheStepsUntilThen) {
  TinyRun tiny(folder_.path(), {"train.hook[profiler].hook=[tasuki/Profiler]{warmup: 1 steps: 4}"});
  testing::kill_at(tiny, &FakeHook::at_after_step, 50,
                   [](const tasuki::Run& run) { return run.step == 4; });
  EXPECT_THROW(tiny.train(), testing::Killed);
  EXPECT_THAT(names_of(of_category(read_trace(folder_.path()), "step")),
              ElementsAre("step 2", "step 3"));
  EXPECT_FALSE(at::hasGlobalCallbacks());
}

TEST_F(ProfilerTest, MistakesAreTold) {
  const auto refusal = [&](const std::vector<std::string>& hooks) {
    try {
      TinyRun(folder_.path(), hooks).train();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing refused");
  };
  EXPECT_THAT(refusal({"train.hook[profiler].hook=[tasuki/Profiler]{warmup: 3 steps: 4}"}),
              HasSubstr("train.hook[profiler].hook: the run has only 6 steps"));
  EXPECT_THAT(refusal({"train.hook[a].hook=[tasuki/Profiler]{warmup: 0}",
                       "train.hook[b].hook=[tasuki/Profiler]{warmup: 0}"}),
              HasSubstr("recorded already"));
  EXPECT_FALSE(at::hasGlobalCallbacks());
}

}  // namespace
}  // namespace tasuki
