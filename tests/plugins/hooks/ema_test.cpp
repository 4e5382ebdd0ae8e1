#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <map>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/io/files.h"
#include "tasuki/model/safetensors.h"
#include "tests/core/engine/killed_run.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using testing::FakeHook;
using ::testing::HasSubstr;
using testing::Killed;
using testing::TinyRun;
using Tensors = std::map<std::string, torch::Tensor>;

std::vector<std::string> with_average(const std::string& options,
                                      const std::vector<std::string>& more = {}) {
  std::vector<std::string> assignments = {"train.hook[ema].hook=[tasuki/EMA]{" + options + "}",
                                          "train.epochs=3"};
  assignments.insert(assignments.end(), more.begin(), more.end());
  return assignments;
}

void add(TinyRun& tiny, std::unique_ptr<FakeHook> hook, int priority = 99) {
  const auto after = std::find_if(tiny.hooks.begin(), tiny.hooks.end(),
                                  [&](const NamedHook& h) { return h.priority > priority; });
  tiny.hooks.insert(after, {"fake" + std::to_string(priority), priority, std::move(hook)});
}

Tensors by_name(const NamedTensors& tensors) {
  return {tensors.begin(), tensors.end()};
}

// Of a training state: the tensors under a prefix.
NamedTensors part_of(const std::filesystem::path& file, const std::string& prefix) {
  NamedTensors found;
  for (const auto& [name, tensor] : read_safetensors(file).tensors) {
    if (name.starts_with(prefix)) found.emplace_back(name.substr(prefix.size()), tensor);
  }
  return found;
}

class EMATest : public ::testing::Test {
 protected:
  testing::TemporaryFolder folder_;
};

// e_0 = w_0, e_{n+1} = d_n e_n + (1 - d_n) w: in float64, of weights as the steps left them.
TEST_F(EMATest, IsTheClosedForm) {
  for (const bool warmup : {false, true}) {
    const auto dir = folder_ / (warmup ? "warmup" : "plain");
    TinyRun tiny(dir, with_average(std::string("decay: 0.4 every: 2 buffers: AVERAGE warmup: ") +
                                   (warmup ? "true" : "false")));
    Tensors expected;
    for (const auto& [name, tensor] : testing::weights_of(tiny.run)) {
      expected[name] = tensor.to(torch::kFloat64);
    }
    int updates = 0;
    auto hook = std::make_unique<FakeHook>();
    hook->at_after_step = [&](tasuki::Run& run) {
      if (run.step % 2 != 0) return;
      const double d = warmup ? std::min(0.4, (1.0 + updates) / (10.0 + updates)) : 0.4;
      ++updates;
      for (const auto& [name, tensor] : testing::weights_of(run)) {
        expected[name] = d * expected[name] + (1 - d) * tensor.to(torch::kFloat64);
      }
    };
    add(tiny, std::move(hook));
    tiny.train();
    EXPECT_EQ(updates, 4);  // nine steps
    size_t averaged = 0, counters = 0;
    for (const auto& item : expected) counters += item.first.ends_with("num_batches_tracked");
    for (const auto& [name, tensor] : part_of(dir / kLastFile, "evaluated.")) {
      EXPECT_TRUE(tensor.to(torch::kFloat64).allclose(expected.at(name), 1e-5, 1e-7)) << name;
      ++averaged;
    }
    EXPECT_EQ(averaged + counters, expected.size());
  }
}

TEST_F(EMATest, LeavesTheTrainingAsItIs) {
  TinyRun plain(folder_ / "plain", {"train.epochs=3"});
  plain.train();
  TinyRun averaged(folder_ / "averaged", with_average("decay: 0.5"));
  averaged.train();
  EXPECT_EQ(
      testing::first_difference(testing::weights_of(plain.run), testing::weights_of(averaged.run)),
      "");
  const auto a = testing::history_of(folder_ / "plain"),
             b = testing::history_of(folder_ / "averaged");
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i]["loss"], b[i]["loss"]);
    EXPECT_NE(a[i]["val"], b[i]["val"]);
  }
}

// Figures and the files for evaluation are of the same weights.
TEST_F(EMATest, IsWhatIsEvaluatedAndWhatFilesHold) {
  for (const std::string buffers : {"COPY", "AVERAGE"}) {
    const auto dir = folder_ / buffers;
    TinyRun tiny(dir, with_average("decay: 0.7 buffers: " + buffers));
    tiny.train();
    const auto live = testing::weights_of(tiny.run);
    auto& model = *tiny.run.experiment.model;
    const auto figures_of = [&](const char* file) {
      load_weights(model, dir / file);
      return nlohmann::json(evaluate(tiny.run.experiment, *tiny.run.validation_source).flat());
    };
    const auto history = testing::history_of(dir);
    EXPECT_EQ(figures_of(kBestFile), history.at(size_t(tiny.run.best_epoch) - 1)["val"]);
    EXPECT_EQ(figures_of(kLastFile), history.back()["val"]);
    const auto evaluated = by_name(part_of(dir / kLastFile, "evaluated."));
    for (const auto& [name, tensor] : named_tensors(model)) {
      const auto average = evaluated.find(name);
      const bool is_trained = model.named_parameters().contains(name);
      const bool is_mean = name.ends_with("running_mean") || name.ends_with("running_var");
      EXPECT_EQ(average != evaluated.end(), is_trained || (is_mean && buffers == "AVERAGE"))
          << name;
      if (average != evaluated.end()) {
        EXPECT_TRUE(tensor.equal(average->second)) << name;
      }
    }
    EXPECT_EQ(testing::first_difference(part_of(dir / kLastFile, "model."), live), "");
    EXPECT_NE(testing::first_difference(testing::weights_of(tiny.run), live), "");
    // Another run begins with them, too.
    EXPECT_EQ(testing::first_difference(read_weights(dir / kLastFile).tensors,
                                        testing::weights_of(tiny.run)),
              "");
  }
}

TEST_F(EMATest, ResumesToTheLastBit) {
  const auto assignments = with_average("decay: 0.9 every: 2 buffers: AVERAGE",
                                        {"train.optimizer=[tasuki/AdamW]{lr:0.01}"});
  TinyRun whole(folder_ / "whole", assignments);
  whole.train();
  TinyRun stopped(folder_ / "stopped", assignments);
  auto hook = std::make_unique<FakeHook>();
  hook->at_after_step = [](tasuki::Run& run) {
    if (run.step == 5) throw Killed();
  };
  add(stopped, std::move(hook));
  EXPECT_THROW(stopped.train(), Killed);
  TinyRun resumed(folder_ / "stopped", assignments);
  load_training_state(resumed.run, resumed.hooks, folder_ / "stopped" / kLastFile);
  resumed.train();
  for (const char* file : {kLastFile, kBestFile}) {
    EXPECT_EQ(testing::first_difference(read_safetensors(folder_ / "whole" / file).tensors,
                                        read_safetensors(folder_ / "stopped" / file).tensors),
              "")
        << file;
  }
  EXPECT_EQ(testing::history_of(folder_ / "whole"), testing::history_of(folder_ / "stopped"));
}

// A kill came between the last file and the best one, which is made again.
TEST_F(EMATest, ABestFileThatIsMadeAgainHoldsTheAverage) {
  const auto assignments = with_average("decay: 0.5", {"train.epochs=1"});
  TinyRun(folder_.path(), assignments).train();
  const auto before = read_safetensors(folder_ / kBestFile);
  std::filesystem::remove(folder_ / kBestFile);
  TinyRun again(folder_.path(), assignments);
  load_training_state(again.run, again.hooks, folder_ / kLastFile);
  repair_best(again.run, folder_.path());
  const auto after = read_safetensors(folder_ / kBestFile);
  EXPECT_EQ(testing::first_difference(before.tensors, after.tensors), "");
  EXPECT_EQ(before.metadata, after.metadata);
}

TEST_F(EMATest, IsTakenOutAgainWhereAnEvaluationFails) {
  struct Fails : Hook {
    void before_evaluation(tasuki::Run& run) override {
      seen = testing::weights_of(run);
      throw Killed();
    }
    void after_run(tasuki::Run& run, bool) override { after = testing::weights_of(run); }
    std::vector<std::pair<std::string, torch::Tensor>> seen, after;
  };
  TinyRun tiny(folder_.path(), with_average("decay: 0.5"));
  std::vector<std::pair<std::string, torch::Tensor>> trained;
  auto watch = std::make_unique<FakeHook>();
  watch->at_after_step = [&](tasuki::Run& run) { trained = testing::weights_of(run); };
  add(tiny, std::move(watch), 1);
  auto hook = std::make_unique<Fails>();
  const auto* fails = hook.get();
  tiny.hooks.push_back({"fails", 100, std::move(hook)});
  EXPECT_THROW(tiny.train(), Killed);
  EXPECT_NE(testing::first_difference(fails->seen, trained), "");
  EXPECT_EQ(testing::first_difference(fails->after, trained), "");
  EXPECT_EQ(testing::first_difference(testing::weights_of(tiny.run), trained), "");
}

// What is frozen has no average: it is the same anyway.
TEST_F(EMATest, LeavesFrozenParametersOut) {
  TinyRun tiny(
      folder_.path(),
      with_average("decay: 0.5", {"train.parameters={pattern:\"encoder.stem.*\" freeze:true}"}));
  tiny.train();
  for (const auto& [name, tensor] : part_of(folder_ / kLastFile, "evaluated.")) {
    EXPECT_FALSE(name.starts_with("encoder.stem.")) << name;
  }
  for (const auto& item : tiny.run.experiment.model->named_parameters()) {
    if (!item.key().starts_with("encoder.stem.")) continue;
    EXPECT_TRUE(
        by_name(read_safetensors(folder_ / kBestFile).tensors).at(item.key()).equal(item.value()));
  }
}

TEST_F(EMATest, TwoAveragesAreRefused) {
  TinyRun tiny(folder_.path(), with_average("", {"train.hook[other].hook=[tasuki/EMA]{}"}));
  try {
    tiny.train();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("ema and other both put weights"));
  }
}

TEST_F(EMATest, RefusesOptionsOutOfRange) {
  for (const auto& [options, problem] : std::vector<std::pair<std::string, std::string>>{
           {"decay: 1", "decay: must be at least 0 and below 1"},
           {"decay: -0.1", "decay: must be at least 0 and below 1"},
           {"decay: nan", "decay: must be at least 0 and below 1"},
           {"every: 0", "every: must be at least 1 (steps)"}}) {
    try {
      TinyRun(folder_.path(), with_average(options));
      FAIL() << options;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(problem));
    }
  }
}

}  // namespace
}  // namespace tasuki
