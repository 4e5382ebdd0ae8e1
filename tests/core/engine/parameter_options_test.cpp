#include "tasuki/engine/parameter_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <map>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/initial_weights.h"
#include "tasuki/engine/look_ahead.h"
#include "tasuki/model/safetensors.h"
#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using testing::FakeHook;
using ::testing::HasSubstr;
using testing::TinyRun;

std::string parameters(const std::vector<std::string>& entries) {
  return "train.parameters=[{" + join(entries, "},{") + "}]";
}

class ParameterOptions : public ::testing::Test {
 protected:
  // The model's parameters by name as the config has them.
  std::map<std::string, ParameterInfo> read(const std::vector<std::string>& assignments) {
    experiment_ = build_experiment(testing::tiny_config(assignments), "");
    auto all = list_parameters(*experiment_.model);
    apply_parameter_options(experiment_.config, *experiment_.model, all);
    std::map<std::string, ParameterInfo> by_name;
    for (const auto& parameter : all) by_name[parameter.name] = parameter;
    return by_name;
  }
  std::string complaint(const std::vector<std::string>& assignments) {
    try {
      read(assignments);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return error.what();
    }
    return "";
  }

  testing::TemporaryFolder folder_;
  Experiment experiment_;
};

TEST_F(ParameterOptions, NoneLeaveAllAlike) {
  EXPECT_FALSE(has_parameter_options(testing::tiny_config().message().train()));
  for (const auto& [name, parameter] : read({})) {
    EXPECT_EQ(parameter.lr_multiplier, 1) << name;
    EXPECT_EQ(parameter.decay_multiplier, 1) << name;
    EXPECT_FALSE(parameter.frozen) << name;
  }
}

TEST_F(ParameterOptions, TheLastPatternThatSetsAFieldWins) {
  const auto all = read({parameters(
      {"pattern:\"encoder.*\" lr_mult:0.1 decay_mult:2", "pattern:\"*.layer2.*\" lr_mult:0.5",
       "pattern:\"encoder.stem.*\" freeze:true", "pattern:\"*.bn.*\" freeze:false decay_mult:0"})});
  const auto expect = [&](const std::string& name, double lr, double decay, bool frozen) {
    const auto& parameter = all.at(name);
    EXPECT_EQ(parameter.lr_multiplier, lr) << name;
    EXPECT_EQ(parameter.decay_multiplier, decay) << name;
    EXPECT_EQ(parameter.frozen, frozen) << name;
    EXPECT_EQ(parameter.tensor.requires_grad(), !frozen) << name;
  };
  expect("encoder.layer1.shared.conv.weight", 0.1, 2, false);
  expect("encoder.layer2.seg.conv.weight", 0.5, 2, false);
  expect("encoder.layer2.seg.bn.bias", 0.5, 0, false);
  expect("encoder.stem.shared.conv.bias", 0.1, 2, true);
  expect("encoder.stem.shared.bn.weight", 0.1, 0, false);
  for (const auto& [name, parameter] : all) {
    if (name.starts_with("decoder.")) {
      EXPECT_EQ(parameter.lr_multiplier, 1) << name;
    }
  }
}

TEST_F(ParameterOptions, KindsWithoutDecayYieldToAPattern) {
  const auto all = read(
      {"train.no_decay=[NORM, BIAS]", parameters({"pattern:\"decoder.seg.*\" decay_mult:0.5"})});
  for (const auto& [name, parameter] : all) {
    const bool decays = parameter.kind == Train::WEIGHT;
    EXPECT_EQ(parameter.decay_multiplier, name.starts_with("decoder.seg.") ? 0.5
                                          : decays                         ? 1
                                                                           : 0)
        << name;
  }
}

// Three stages: the last learns with a half of the rate.
TEST_F(ParameterOptions, LayerDecayGoesByTheStage) {
  const auto all =
      read({"train.layer_decay=0.5", parameters({"pattern:\"*.layer1.*\" lr_mult:3"})});
  for (const auto& [name, parameter] : all) {
    const double expected = name.starts_with("encoder.stem.")     ? 0.125
                            : name.starts_with("encoder.layer1.") ? 0.25 * 3
                            : name.starts_with("encoder.layer2.") ? 0.5
                                                                  : 1;
    EXPECT_EQ(parameter.lr_multiplier, expected) << name;
  }
}

TEST_F(ParameterOptions, MistakesAreLocated) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> mistakes = {
      {{parameters({"pattern:\"encoder.stm.*\""})},
       "train.parameters[0].pattern: no parameter has a name that fits \"encoder.stm.*\" (did you "
       "mean \"encoder.stem.*\"?); `tasuki complexity"},
      {{parameters({"pattern:\"*\"", "pattern:\"decoder.sge.*\""})},
       "train.parameters[1].pattern: no parameter has a name that fits \"decoder.sge.*\" (did you "
       "mean \"decoder.seg.*\"?)"},
      {{parameters({"lr_mult:0.5"})}, "train.parameters[0]: needs a pattern"},
      {{parameters({"pattern:\"*\" lr_mult:0"})}, "train.parameters[0].lr_mult: must be above 0"},
      {{parameters({"pattern:\"*\" lr_mult:nan"})}, "train.parameters[0].lr_mult: must be above 0"},
      {{parameters({"pattern:\"*\" decay_mult:-1"})},
       "train.parameters[0].decay_mult: must be at least 0"},
      {{"train.layer_decay=0"}, "train.layer_decay: must be above 0 and at most 1"},
      {{"train.layer_decay=1.01"}, "train.layer_decay: must be above 0 and at most 1"},
      {{"train.clip_per=PART"}, "train.clip_per: needs a clip_norm"},
      {{parameters({"pattern:\"*\" freeze:true"})},
       "train.parameters: all that seg trains, its route and its decoder, is frozen"},
      {{testing::kNormalToDepth, parameters({"pattern:\"encoder.layer2.depth.*\" freeze:true"})},
       "train.parameters: all that route depth has of its own is frozen, so that normal->depth has "
       "nothing to train"}};
  for (const auto& [assignments, problem] : mistakes) {
    EXPECT_THAT(complaint(assignments), HasSubstr(problem));
  }
}

TEST_F(ParameterOptions, TheTableCountsEveryParameterOnce) {
  read({});
  auto all = list_parameters(*experiment_.model);
  for (auto& parameter : all) {
    parameter.frozen = parameter.stage == "stem";
    parameter.decay_multiplier = parameter.kind == Train::NORM ? 0 : 1;
  }
  const auto table = parameter_table(all);
  EXPECT_THAT(table,
              HasSubstr("encoder.stem.shared          4         240     -        -     yes\n"))
      << table;
  EXPECT_THAT(table,
              HasSubstr("encoder.layer1.shared        2          32     1        0      no\n"))
      << table;
  int64_t tensors = 0, count = 0, of_total = 0;
  std::istringstream lines(table);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string name;
    int64_t some = 0, numbers = 0;
    fields >> name >> some >> numbers;
    const bool is_total = name == "trained" || name == "frozen";
    (is_total ? of_total : count) += numbers;
    tensors += is_total ? 0 : some;
  }
  EXPECT_EQ(tensors, int64_t(all.size()));
  EXPECT_EQ(count, parameter_count(*experiment_.model));
  EXPECT_EQ(of_total, count);
  EXPECT_THAT(parameter_list(all), HasSubstr("encoder.layer1.shared.conv.weight"));
  EXPECT_THAT(parameter_list(all), HasSubstr("16x8x3x3"));
}

// The order of the flat vectors decides the last bits of sums, and where a saved momentum belongs.
TEST_F(ParameterOptions, WithoutThemTheOrderIsThatOfRegistration) {
  const TinyRun tiny(folder_.path(), {testing::kNormalToDepth});
  const auto named = tiny.run.experiment.model->named_parameters();
  const auto& segments = tiny.run.parameters->segments();
  ASSERT_EQ(segments.size(), named.size());
  for (size_t i = 0; i < segments.size(); ++i) EXPECT_EQ(segments[i].name, named[i].key());
}

TEST_F(ParameterOptions, EqualOnesChangeNoBit) {
  TinyRun plain(folder_ / "plain"),
      equal(folder_ / "equal", {parameters({"pattern:\"encoder.*\" lr_mult:1 decay_mult:1"})});
  plain.train();
  equal.train();
  EXPECT_EQ(
      testing::first_difference(testing::weights_of(plain.run), testing::weights_of(equal.run)),
      "");
}

// Rates and decays of their own from the first step to the checkpoint.
TEST_F(ParameterOptions, TrainEachGroupAtItsRate) {
  TinyRun tiny(folder_.path(),
               {"train.no_decay=[NORM,BIAS]",
                "train.optimizer=[tasuki/SGD]{lr:0.1 momentum:0 "
                "weight_decay:0.1}",
                "train.warmup_steps=0", parameters({"pattern:\"encoder.*\" lr_mult:0.5"})});
  std::map<std::string, torch::Tensor> before;
  size_t seen = 0;
  auto hook = std::make_unique<FakeHook>();
  hook->at_before_epoch = [&](tasuki::Run& run) {
    for (const auto& segment : run.parameters->segments()) {
      before[segment.name] = segment.tensor.detach().clone();
    }
  };
  hook->at_after_step = [&](tasuki::Run& run) {
    for (const auto& segment : run.parameters->segments()) {
      const auto& was = before.at(segment.name);
      const double rate = run.last.learning_rate * (segment.name.starts_with("encoder.") ? 0.5 : 1);
      const double decay = segment.kind == Train::WEIGHT ? 0.1 : 0;
      const auto expected = was - rate * (segment.tensor.grad() + decay * was);
      EXPECT_TRUE(segment.tensor.detach().allclose(expected, 1e-5, 1e-7)) << segment.name;
      before[segment.name] = segment.tensor.detach().clone();
      ++seen;
    }
  };
  tiny.hooks.push_back({"watch", 99, std::move(hook)});
  EXPECT_GT(tiny.run.parameters->groups().size(), 2u);
  tiny.train();
  EXPECT_EQ(seen, 6 * tiny.run.parameters->segments().size());
}

const std::vector<std::string> kFrozenStem = {
    parameters({"pattern:\"encoder.stem.*\" freeze:true", "pattern:\"decoder.seg.*\" lr_mult:2"}),
    "train.no_decay=[NORM]", "train.optimizer=[tasuki/AdamW]{lr:0.01}", "train.epochs=3",
    "train.evaluate_every=0"};

std::vector<std::string> frozen_stem(const std::vector<std::string>& more = {}) {
  auto assignments = kFrozenStem;
  assignments.insert(assignments.end(), more.begin(), more.end());
  return assignments;
}

bool is_of_stem(const std::string& name) {
  return name.starts_with("encoder.stem.");
}

TEST_F(ParameterOptions, FrozenParametersAndStatisticsStay) {
  for (const std::string weighting :
       {"EW]{}", "PCGrad]{}", "AutoLambda]{update_statistics:true}"}) {
    TinyRun tiny(folder_ / weighting, frozen_stem({"train.weighting=[tasuki/" + weighting}));
    const auto before = testing::weights_of(tiny.run);
    for (const auto& segment : tiny.run.parameters->segments()) {
      EXPECT_FALSE(is_of_stem(segment.name));
    }
    tiny.train();
    const auto after = testing::weights_of(tiny.run);
    for (size_t i = 0; i < after.size(); ++i) {
      const bool is_same = after[i].second.equal(before[i].second);
      EXPECT_EQ(is_same, is_of_stem(after[i].first)) << weighting << " " << after[i].first;
    }
    for (const auto& item : tiny.run.experiment.model->named_parameters()) {
      EXPECT_EQ(item.value().grad().defined(), !is_of_stem(item.key())) << item.key();
    }
  }
}

TEST_F(ParameterOptions, StatisticsOfFrozenLayersMoveWhereAskedFor) {
  TinyRun tiny(folder_.path(), frozen_stem({"train.freeze_batch_norm=false"}));
  const auto before = testing::weights_of(tiny.run);
  tiny.train();
  const auto after = testing::weights_of(tiny.run);
  for (size_t i = 0; i < after.size(); ++i) {
    const auto& name = after[i].first;
    const bool moves = !is_of_stem(name) || name.find(".running_") != std::string::npos ||
                       name.ends_with(".num_batches_tracked");
    EXPECT_EQ(!after[i].second.equal(before[i].second), moves) << name;
  }
}

TEST_F(ParameterOptions, FrozenBatchNormStaysInEvaluationMode) {
  TinyRun tiny(folder_.path(), frozen_stem());
  auto& model = *tiny.run.experiment.model;
  const auto modes = [&] {
    std::map<bool, size_t> count;
    for (const auto& item : model.named_modules("", false)) {
      if (item.key() == "encoder.stem.shared.bn") {
        EXPECT_FALSE(item.value()->is_training());
      }
      ++count[item.value()->is_training()];
    }
    return count;
  };
  model.train();
  EXPECT_EQ(modes()[false], 1u);
  evaluate(tiny.run.experiment, *tiny.run.validation_source);
  EXPECT_EQ(modes()[false], 1u);
  model.eval();
  EXPECT_EQ(modes()[true], 0u);
}

struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};

TEST_F(ParameterOptions, ARunWithThemResumesToTheLastBit) {
  TinyRun whole(folder_ / "whole", frozen_stem());
  whole.train();
  TinyRun stopped(folder_ / "stopped", frozen_stem());
  auto hook = std::make_unique<FakeHook>();
  hook->at_after_step = [](tasuki::Run& run) {
    if (run.step == 5) throw Interrupted();
  };
  stopped.hooks.push_back({"killer", 99, std::move(hook)});
  EXPECT_THROW(stopped.train(), Interrupted);
  TinyRun resumed(folder_ / "stopped", frozen_stem());
  load_training_state(resumed.run, resumed.hooks, folder_ / "stopped" / kLastFile);
  resumed.train();
  EXPECT_EQ(testing::first_difference(read_safetensors(folder_ / "whole" / kLastFile).tensors,
                                      read_safetensors(folder_ / "stopped" / kLastFile).tensors),
            "");
}

TEST_F(ParameterOptions, AFrozenPartTakesTheWeightsOfACheckpoint) {
  TinyRun first(folder_ / "first", {"train.epochs=1", "train.seed=5"});
  first.train();
  TinyRun second(folder_ / "second", frozen_stem());
  take_weights(*second.run.experiment.model, folder_ / "first" / kLastFile, false);
  second.run.parameters->check();
  second.train();
  const auto before = testing::weights_of(first.run), after = testing::weights_of(second.run);
  for (size_t i = 0; i < after.size(); ++i) {
    EXPECT_EQ(after[i].second.equal(before[i].second), is_of_stem(after[i].first))
        << after[i].first;
  }
}

TEST_F(ParameterOptions, ClippingByPartBoundsEachPart) {
  TinyRun tiny(folder_.path(), {"train.clip_norm=0.001", "train.clip_per=PART",
                                "train.optimizer.momentum=0", "train.optimizer.weight_decay=0",
                                "train.optimizer.lr=1", "train.evaluate_every=0"});
  auto hook = std::make_unique<FakeHook>();
  size_t bounded = 0;
  hook->at_after_step = [&](tasuki::Run& run) {
    EXPECT_GT(run.last.gradient_norm.value(), 0.001);
    for (const auto& part : run.parameters->parts()) {
      const auto gradient = run.parameters->gradient().slice(0, part.begin, part.end);
      const double norm = gradient.norm().item<double>();
      EXPECT_LT(norm, 0.001 * (1 + 1e-5));
      bounded += norm > 0.001 * (1 - 1e-5);
    }
  };
  tiny.hooks.push_back({"norm", 50, std::move(hook)});
  tiny.train();
  EXPECT_GT(bounded, 6u);  // more than one of the parts in a step
}

// Behind the hook at once in a build with assertions, else at the end of the epoch.
TEST_F(ParameterOptions, AHookThatFreezesOrThawsIsFound) {
  for (const bool thaws : {false, true}) {
    TinyRun tiny(folder_ / (thaws ? "thaws" : "freezes"), frozen_stem());
    int64_t steps = 0;
    auto hook = std::make_unique<FakeHook>();
    hook->at_after_step = [&](tasuki::Run& run) {
      ++steps;
      const auto& parameters = *run.parameters;
      auto one = thaws ? parameters.frozen().front().tensor : parameters.segments().front().tensor;
      one.set_requires_grad(thaws);
    };
    tiny.hooks.insert(tiny.hooks.begin(), {"thermostat", 1, std::move(hook)});
    try {
      tiny.train();
      FAIL() << "no error";
    } catch (const Error& error) {
      const std::string text = error.what();
      EXPECT_THAT(text, HasSubstr(thaws ? "requires a gradient, but was frozen before"
                                        : "no longer requires a gradient"));
#ifndef NDEBUG
      EXPECT_THAT(text, HasSubstr("hook thermostat: "));
      EXPECT_EQ(steps, 1);
#endif
    }
  }
}

}  // namespace
}  // namespace tasuki
