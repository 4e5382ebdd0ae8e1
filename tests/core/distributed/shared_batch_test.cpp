// A batch that several processes have parts of trains as it does in one.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "tasuki/engine/processes.h"
#include "tests/core/distributed/in_processes.h"
#include "tests/core/engine/tiny_run.h"

namespace tasuki::testing {
namespace {

constexpr double kTolerance = 1e-12;  // relative, in float64

const std::vector<std::string> kNet = {
    "model.encoder=[tasuki/ResNet]{depth:18 layers:2 output_stride:8}",
    "model.architecture=[tasuki/Branched]{shared_stages:2}",
    "model.task[seg].decoder.dropout=0",
    "data.dataset.train_size=12",
    "data.loader.batch_size=4",
    "data.loader.workers=0",
};

struct DoubleRun {
  explicit DoubleRun(std::vector<std::string> assignments) {
    assignments.insert(assignments.begin(), kNet.begin(), kNet.end());
    auto experiment = build_experiment(tiny_config(assignments), "");
    experiment.model->to(torch::kFloat64);
    run = build_run(std::move(experiment), "");
    run.experiment.model->train();
  }

  // The gradient that a step has, and the losses that it reports.
  torch::Tensor step(const Batch& batch, Collective& processes) {
    run.collective = &processes;
    std::vector<NamedHook> hooks;
    Trainer(run, hooks).step(batch);
    return run.parameters->gradient().clone();
  }

  // Its first batch, whose images have very unequal numbers of labelled pixels: the first none of
  // one task and hardly any of another.
  Batch batch() const {
    Loader loader(*run.train_source, run.experiment.loader_options(Experiment::Pipeline::kTrain));
    loader.start(0);
    auto batch = *loader.next();
    for (auto& [name, tensor] : batch.tensors) {
      if (tensor.is_floating_point()) tensor = tensor.to(torch::kFloat64);
    }
    int64_t rows = 0;
    for (const auto* task : run.experiment.tasks()) {
      auto& label = batch.tensors.at(task->field);
      const double invalid = field_kind(task->task->field_kind()).invalid_value();
      label.select(0, 0).slice(-2, rows).fill_(invalid);
      label.select(0, 2).slice(-1, 0, 17).fill_(invalid);
      rows += 3;
    }
    return batch;
  }

  tasuki::Run run;
};

Batch part_of(const Batch& whole, int64_t begin, int64_t end) {
  Batch part = whole;
  for (auto& [name, tensor] : part.tensors) tensor = tensor.slice(0, begin, end);
  part.samples.assign(whole.samples.begin() + begin, whole.samples.begin() + end);
  return part;
}

double difference(const torch::Tensor& a, const torch::Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

// Both steps of two runs, one on the whole batch by itself, the other on this process' part.
void expect_same_steps(const std::vector<std::string>& assignments, ProcessGroup& group,
                       int64_t first_part) {
  DoubleRun alone(assignments), shared(assignments);
  const auto whole = alone.batch();
  const auto part =
      group.is_first() ? part_of(whole, 0, first_part) : part_of(whole, first_part, whole.size());
  for (int step = 0; step < 2; ++step) {
    const auto expected = alone.step(whole, Collective::alone());
    ASSERT_GT(expected.norm().item<double>(), 0);
    EXPECT_LT(difference(shared.step(part, group), expected), kTolerance) << "step " << step;
    for (const auto& [name, loss] : alone.run.last.losses) {
      EXPECT_NEAR(shared.run.last.losses.at(name), loss, kTolerance * std::abs(loss)) << name;
    }
    for (const auto& [name, coefficient] : alone.run.last.coefficients) {
      EXPECT_NEAR(shared.run.last.coefficients.at(name), coefficient, 1e-9) << name;
    }
  }
}

const std::vector<std::string> kNorms = {"model.norm=[tasuki/GroupNorm]{groups:4}",
                                         "model.norm=[tasuki/FrozenBatchNorm]{}",
                                         "model.norm=[tasuki/SyncBatchNorm]{}"};

TEST(SharedBatch, HasTheGradientOfOneProcess) {
  TASUKI_IN_PROCESSES(2);
  const auto group = join_team();
  for (const auto& norm : kNorms) {
    for (const int64_t first_part : {2, 3, 1}) {
      SCOPED_TRACE(norm + " " + std::to_string(first_part));
      expect_same_steps({norm}, *group, first_part);
    }
  }
}

// Weights by losses, by gradients of parameters and of features, and directions by rows.
TEST(SharedBatch, HasTheGradientOfOneProcessWithEveryKindOfWeighting) {
  TASUKI_IN_PROCESSES(2);
  const auto group = join_team();
  for (const std::string weighting :
       {"[tasuki/UW]{}", "[tasuki/STCH]{}", "[tasuki/PCGrad]{}", "[tasuki/GradDrop]{}",
        "[tasuki/IMTLG]{}", "[tasuki/AlignedMTL]{gradients{at:FEATURES}}",
        "[tasuki/UPGrad]{gradients{at:FEATURES}}"}) {
    for (const auto& norm : {kNorms[0], kNorms[2]}) {
      SCOPED_TRACE(weighting + " " + norm);
      expect_same_steps({norm, "train.weighting=" + weighting}, *group, 3);
    }
  }
}

// Of a batch of one sample the second process has nothing.
TEST(SharedBatch, HasTheGradientOfOneProcessWhereAnotherHasNoSample) {
  TASUKI_IN_PROCESSES(2);
  const auto group = join_team();
  for (const auto& norm : {kNorms[0], kNorms[2]}) {
    SCOPED_TRACE(norm);
    DoubleRun alone({norm}), shared({norm});
    const auto one = part_of(alone.batch(), 1, 2);
    auto part = one;
    part.counts = group->is_first();
    const auto expected = alone.step(one, Collective::alone());
    EXPECT_LT(difference(shared.step(part, *group), expected), kTolerance);
  }
}

// The test above can fail: without a common count the gradient is another one.
TEST(SharedBatch, IsNotTheMeanOfTheProcessesMeans) {
  TASUKI_IN_PROCESSES(2);
  const auto group = join_team();
  DoubleRun alone({kNorms[0]}), own({kNorms[0]});
  const auto whole = alone.batch();
  const auto part = group->is_first() ? part_of(whole, 0, 2) : part_of(whole, 2, 4);
  auto mean = own.step(part, Collective::alone());
  group->mean(mean);
  EXPECT_GT(difference(mean, alone.step(whole, Collective::alone())), 1e-3);
}

// Of batch normalisation each process has its own images' statistics, and afterwards the first's.
TEST(SharedBatch, LeavesTheSameWeightsAndBuffersEverywhere) {
  TASUKI_IN_PROCESSES(2);
  const auto group = join_team();
  DoubleRun shared({});
  const auto whole = shared.batch();
  shared.step(group->is_first() ? part_of(whole, 0, 2) : part_of(whole, 2, 4), *group);
  for (const auto& [name, tensor] : weights_of(shared.run)) {
    const auto here = tensor.contiguous();
    const std::string bits(static_cast<const char*>(here.data_ptr()), size_t(here.nbytes()));
    for (const auto& others : group->gather(bits)) EXPECT_TRUE(others == bits) << name;
  }
}

// Under synchronised batch normalisation they are those of the whole batch.
TEST(SharedBatch, HasTheRunningStatisticsOfOneProcess) {
  TASUKI_IN_PROCESSES(2);
  const auto group = join_team();
  DoubleRun alone({kNorms[2]}), shared({kNorms[2]});
  const auto whole = alone.batch();
  alone.step(whole, Collective::alone());
  shared.step(group->is_first() ? part_of(whole, 0, 1) : part_of(whole, 1, 4), *group);
  const auto expected = alone.run.experiment.model->named_buffers();
  int64_t compared = 0;
  for (const auto& item : shared.run.experiment.model->named_buffers()) {
    const auto& there = expected[item.key()];
    EXPECT_TRUE(item.value().allclose(there, kTolerance, kTolerance)) << item.key();
    compared += item.key().find("running_var") != std::string::npos;
  }
  EXPECT_GT(compared, 5);
}

TEST(SharedBatch, HasTheFiguresOfOneProcess) {
  TASUKI_IN_PROCESSES(2);
  const auto group = join_team();
  for (const std::string averaging : {"PIXEL", "IMAGE"}) {
    for (const std::string batch : {"1", "2", "5"}) {
      TinyRun tiny("", {"protocol.averaging=" + averaging, "data.loader.eval_batch_size=" + batch});
      const auto alone = evaluate(tiny.run.experiment, *tiny.run.validation_source);
      const auto shared = evaluate(tiny.run.experiment, *tiny.run.validation_source, *group);
      ASSERT_EQ(alone.tasks.size(), shared.tasks.size());
      EXPECT_EQ(alone.flat(), shared.flat()) << averaging << " " << batch;
      for (size_t t = 0; t < alone.tasks.size(); ++t) {
        EXPECT_EQ(alone.tasks[t].details, shared.tasks[t].details) << averaging << " " << batch;
      }
    }
  }
}

TEST(SharedRun, RefusesABatchThatDoesNotDivide) {
  TASUKI_IN_PROCESSES(3);
  const auto group = join_team();
  try {
    check_processes(tiny_config(), *group);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    const std::string text = error.what();
    EXPECT_NE(text.find("data.loader.batch_size"), std::string::npos) << text;
    EXPECT_NE(text.find("a batch of 2 can't be split over 3 processes"), std::string::npos) << text;
    EXPECT_NE(text.find("(3, say)"), std::string::npos) << text;
  }
}

TEST(SharedRun, RefusesDifferentConfigs) {
  TASUKI_IN_PROCESSES(2);
  const auto group = join_team();
  check_processes(tiny_config(), *group);
  const auto own = tiny_config({"train.seed=" + std::to_string(group->rank())});
  EXPECT_THROW(check_processes(own, *group), Error);
}

TEST(SharedRun, RefusesLossesOfWholeBatches) {
  const auto check = [](const std::string& loss) {
    check_losses_split(
        build_experiment(tiny_config({"model.task[depth].loss={kind{" + loss + "}}"}), ""));
  };
  check("[tasuki/L1Loss]{}");
  EXPECT_THROW(check("[tasuki/BerHuLoss]{}"), Error);
}

TEST(SharedRun, StopsWhereOneProcessAsksTo) {
  TASUKI_IN_PROCESSES(2);
  const auto group = join_team();
  tasuki::Run run;
  run.collective = group.get();
  agree_to_stop(run);
  EXPECT_EQ(run.stopped, "");
  if (!group->is_first()) run.stop("enough");
  agree_to_stop(run);
  EXPECT_EQ(run.stopped, group->is_first() ? "another process asked to stop" : "enough");
}

}  // namespace
}  // namespace tasuki::testing
