#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <set>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/look_ahead.h"
#include "tasuki/engine/precision.h"
#include "tasuki/engine/step_losses.h"
#include "tasuki/io/files.h"
#include "tasuki/study/affinity.h"
#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

using testing::TinyRun;

// The tiny run with the hook, measuring as often as `options` says.
std::vector<std::string> with_hook(const std::string& options) {
  return {"train.hook[affinity].hook=[tasuki/Affinity]{" + options + "}"};
}

Affinities measured(const std::filesystem::path& work_dir) {
  return read_affinities(work_dir / kAffinityFile);
}

TEST(AffinityHook, LeavesTheRunBitForBitAsItIs) {
  const testing::TemporaryFolder plain_folder, folder;
  TinyRun plain(plain_folder.path());
  plain.train();
  TinyRun watched(folder.path(), with_hook("every: 1"));
  watched.train();
  EXPECT_EQ(
      testing::first_difference(testing::weights_of(plain.run), testing::weights_of(watched.run)),
      "");
  EXPECT_EQ(testing::history_of(plain_folder.path()), testing::history_of(folder.path()));
  const auto affinities = measured(folder.path());
  ASSERT_EQ(affinities.epochs.size(), 2u);
  EXPECT_EQ(affinities.epochs[0].affinity.size(), 6u);
  EXPECT_EQ(affinities.epochs[0].cosine.size(), 6u);
}

TEST(AffinityHook, AMeasurementPutsGradientsAndGeneratorBack) {
  const testing::TemporaryFolder folder;
  TinyRun tiny(folder.path(), with_hook("every: 1"));
  torch::Tensor gradient, random;
  auto before = std::make_unique<testing::FakeHook>();
  before->at_after_step = [&](tasuki::Run& run) {
    gradient = run.parameters->gradient().clone();
    random = random_state(torch::kCPU);
  };
  auto after = std::make_unique<testing::FakeHook>();
  int compared = 0;
  after->at_after_step = [&](tasuki::Run& run) {
    EXPECT_TRUE(run.parameters->gradient().equal(gradient));
    EXPECT_TRUE(random_state(torch::kCPU).equal(random));
    ++compared;
  };
  tiny.hooks.insert(tiny.hooks.begin(), {"before", 0, std::move(before)});
  tiny.hooks.push_back({"after", 99, std::move(after)});
  tiny.train();
  EXPECT_EQ(compared, 6);
}

// A measurement differentiates losses; the step itself may use TF32.
TEST(AffinityHook, MeasuresWithoutTf32) {
  const testing::TemporaryFolder folder;
  TinyRun tiny(folder.path(), with_hook("every: 1"));
  bool measuring = false;
  int walks = 0, coarse = 0;
  auto parameter = tiny.run.experiment.model->parameters().front();
  parameter.register_hook([&](const torch::Tensor& gradient) {
    if (measuring) ++walks;
    if (measuring && tf32_is_allowed()) ++coarse;
    return gradient;
  });
  for (const bool begins : {true, false}) {
    auto hook = std::make_unique<testing::FakeHook>();
    hook->at_after_step = [&measuring, begins](tasuki::Run&) { measuring = begins; };
    const auto place = begins ? tiny.hooks.begin() : tiny.hooks.end();
    tiny.hooks.insert(place, {begins ? "begins" : "ends", begins ? 0 : 99, std::move(hook)});
  }
  tiny.train();
  EXPECT_EQ(walks, 3 * 6);  // tasks times steps
  EXPECT_EQ(coarse, 0);
}

// The same by other means: gradients by parameter, from autograd itself, and losses of a model
// whose shared parameters are moved one by one.
class Reference {
 public:
  explicit Reference(Run& run) : run_(run) {
    auto& architecture = run.experiment.model->architecture();
    std::set<const void*> own;
    for (const auto& task : run.experiment.model->tasks()) {
      for (const auto& item : architecture.own_parameters(task.name)) {
        own.insert(item.second.unsafeGetTensorImpl());
      }
    }
    for (const auto& parameter : architecture.parameters()) {
      if (own.count(parameter.unsafeGetTensorImpl()) == 0) shared_.push_back(parameter);
    }
  }

  void measure() {
    const auto objectives = run_.experiment.model->primaries();
    const auto before = losses();
    std::vector<std::vector<torch::Tensor>> gradients;
    for (const auto& loss : before) {
      gradients.push_back(torch::autograd::grad({loss}, shared_, {}, true));
    }
    for (size_t i = 0; i < objectives.size(); ++i) {
      move(gradients[i], -run_.last.learning_rate);
      const auto after = losses();
      move(gradients[i], run_.last.learning_rate);
      for (size_t j = 0; j < objectives.size(); ++j) {
        if (i == j) continue;
        const Edge edge{objectives[i].name, objectives[j].name};
        affinity[edge] = 1 - after[j].item<double>() / before[j].item<double>();
        cosine[edge] = dot(gradients[i], gradients[j]) /
                       std::sqrt(dot(gradients[i], gradients[i]) * dot(gradients[j], gradients[j]));
      }
    }
  }

  EdgeValues affinity, cosine;

 private:
  std::vector<torch::Tensor> losses() const {
    return step_losses(run_.experiment, *run_.batch, run_.experiment.model->primaries());
  }
  void move(const std::vector<torch::Tensor>& direction, double by) {
    const torch::NoGradGuard no_grad;
    for (size_t k = 0; k < shared_.size(); ++k) shared_[k].add_(direction[k], by);
  }
  static double dot(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b) {
    double sum = 0;
    for (size_t k = 0; k < a.size(); ++k) sum += (a[k] * b[k]).sum().item<double>();
    return sum;
  }

  Run& run_;
  std::vector<torch::Tensor> shared_;
};

TEST(AffinityHook, MeasuresWhatAutogradSays) {
  const testing::TemporaryFolder folder;
  auto assignments = with_hook("every: 3");
  assignments.insert(assignments.end(),
                     {"train.epochs=1", "train.warmup_steps=0",
                      "train.schedule=[tasuki/Constant]{}", "model.task[seg].decoder.dropout=0"});
  TinyRun tiny(folder.path(), assignments);
  std::optional<Reference> reference;
  auto probe = std::make_unique<testing::FakeHook>();
  probe->at_after_step = [&](tasuki::Run& run) {
    if (run.step != 3) return;
    reference.emplace(run);
    reference->measure();
  };
  tiny.hooks.push_back({"probe", 99, std::move(probe)});
  tiny.train();
  const auto affinities = measured(folder.path());
  ASSERT_EQ(affinities.epochs.size(), 1u);
  ASSERT_EQ(reference->affinity.size(), 6u);
  double largest = 0;
  for (const auto& [edge, value] : reference->affinity) {
    EXPECT_NEAR(affinities.epochs[0].affinity.at(edge), value, 2e-5) << edge.text();
    largest = std::max(largest, std::abs(value));
  }
  EXPECT_GT(largest, 1e-4);  // not all of it is rounding
  for (const auto& [edge, value] : reference->cosine) {
    EXPECT_NEAR(affinities.epochs[0].cosine.at(edge), value, 1e-4) << edge.text();
  }
}

TEST(AffinityHook, AResumedRunKeepsWhatWasMeasured) {
  const testing::TemporaryFolder whole_folder, folder;
  TinyRun whole(whole_folder.path(), with_hook("every: 2"));
  whole.train();
  TinyRun broken(folder.path(), with_hook("every: 2"));
  auto stop = std::make_unique<testing::FakeHook>();
  stop->at_before_epoch = [](tasuki::Run& run) {
    if (run.epoch == 1) throw Error(ErrorKind::kRun, "stopped");
  };
  broken.hooks.push_back({"stop", 99, std::move(stop)});
  EXPECT_THROW(broken.train(), Error);
  TinyRun resumed(folder.path(), with_hook("every: 2"));
  load_training_state(resumed.run, resumed.hooks, folder / kLastFile);
  resumed.train();
  EXPECT_EQ(read_file(folder / kAffinityFile), read_file(whole_folder / kAffinityFile));
}

TEST(AffinityHook, MeasuresWhatAndWhenItIsAskedTo) {
  const testing::TemporaryFolder folder;
  auto assignments = with_hook("every: 1 every_epochs: 2 measure: COSINE");
  assignments.push_back("train.epochs=3");
  TinyRun(folder.path(), assignments).train();
  const auto affinities = measured(folder.path());
  ASSERT_EQ(affinities.epochs.size(), 2u);
  EXPECT_EQ(affinities.epochs[1].epoch, 3);
  EXPECT_TRUE(affinities.epochs[0].affinity.empty());
  const auto& cosine = affinities.epochs[0].cosine;
  for (const auto& [edge, value] : cosine) {
    EXPECT_NEAR(value, cosine.at({edge.to, edge.from}), 1e-12);
    EXPECT_LE(std::abs(value), 1 + 1e-6);
  }
}

TEST(AffinityHook, RefusesToMeasureNever) {
  EXPECT_THROW(testing::make<Hook>("tasuki/Affinity", "every: 0", {"a"}), OptionError);
  EXPECT_THROW(testing::make<Hook>("tasuki/Affinity", "every_epochs: 0", {"a"}), OptionError);
}

}  // namespace
}  // namespace tasuki
