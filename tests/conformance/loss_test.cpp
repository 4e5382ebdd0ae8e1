#include <ATen/record_function.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <set>

#include "tasuki/engine/precision.h"
#include "tasuki/loader/batch.h"
#include "tasuki/model/model_task.h"
#include "tests/conformance/registered.h"
#include "tests/conformance/tasks.h"

namespace tasuki::conformance {
namespace {

const cv::Size kFrame(11, 9);

// A loss with one of the tasks that it can be of.
class LossOfTask {
 public:
  LossOfTask(const std::string& loss, const std::string& task)
      : task_(make_minimal<Task>(task, {"task", {}, false})),
        info_(target_info(*task_)),
        loss_(make_minimal<Loss>(loss, info_)),
        kind_(field_kind(task_->field_kind())) {}

  const Loss& loss() const { return *loss_; }

  torch::Tensor logits(int64_t images) const {
    return torch::randn({images, info_.channels, kFrame.height, kFrame.width}, torch::kDouble);
  }
  // With holes, where `seed` is not 0; floats in double, as gradients and sums are checked in
  // double.
  torch::Tensor labels(int64_t images, uint64_t seed) const {
    std::vector<torch::Tensor> all;
    for (int64_t i = 0; i < images; ++i) {
      const cv::Mat value =
          random_with_holes(kind_, kFrame, seed + uint64_t(i), int(info_.channels));
      all.push_back(to_tensor({&kind_, value, ""}, {}));
    }
    const auto batch = torch::stack(all);
    return info_.is_index ? batch : batch.to(torch::kDouble);
  }
  torch::Tensor nothing(int64_t images) const {
    const cv::Mat value(kFrame, kind_.mat_type(), cv::Scalar::all(kind_.invalid_value()));
    return torch::stack(
        std::vector<torch::Tensor>(size_t(images), to_tensor({&kind_, value, ""}, {})));
  }
  LossSum sum(const torch::Tensor& x, const torch::Tensor& y) const {
    Batch batch;
    batch.tensors["task"] = y;
    batch.tensors["image"] =
        torch::ones({x.size(0), 3, kFrame.height, kFrame.width}, y.options().dtype(x.dtype()));
    return loss_->compute_in(batch, task_->activate(x), task_->target(y));
  }

 private:
  std::unique_ptr<Task> task_;
  TargetInfo info_;
  std::unique_ptr<Loss> loss_;
  const FieldKind& kind_;
};

class LossConformance : public ::testing::TestWithParam<std::string> {
 protected:
  LossConformance() {
    torch::manual_seed(6);
    for (const auto& task : Registry::instance().names(Task::kKind)) {
      try {
        tasks_.push_back(std::make_unique<LossOfTask>(GetParam(), task));
      } catch (const OptionError& refusal) {
        EXPECT_EQ(refusal.field(), "") << task << ": " << refusal.what();
      }
    }
  }

  // Calls check(loss) with every task that the loss can be of.
  template <class Check>
  void with_each(Check check) const {
    ASSERT_FALSE(tasks_.empty()) << "no task can have this loss";
    for (const auto& task : tasks_) check(*task);
  }

 private:
  std::vector<std::unique_ptr<LossOfTask>> tasks_;
};

void expect_near(const torch::Tensor& a, const torch::Tensor& b) {
  const double x = a.item<double>(), y = b.item<double>();
  EXPECT_NEAR(x, y, 1e-12 * (1 + std::abs(y)));
}

TEST_P(LossConformance, NamesEndInLoss) {
  EXPECT_TRUE(GetParam().ends_with("Loss"));
}

TEST_P(LossConformance, SumsAndCountsOfABatchAreThoseOfItsParts) {
  with_each([](const LossOfTask& of) {
    if (!of.loss().splits()) return;
    const auto x = of.logits(5), y = of.labels(5, 1);
    auto with_empty = y.clone();
    with_empty[3] = of.nothing(1)[0];
    for (const auto& labels : {y, with_empty}) {
      const auto whole = of.sum(x, labels);
      for (const int64_t first : {1, 2, 4}) {
        const auto a = of.sum(x.narrow(0, 0, first), labels.narrow(0, 0, first));
        const auto b = of.sum(x.narrow(0, first, 5 - first), labels.narrow(0, first, 5 - first));
        expect_near((a + b).sum, whole.sum);
        expect_near((a + b).count, whole.count);
      }
    }
  });
}

TEST_P(LossConformance, DoesNotDependOnTheOrderOfImages) {
  with_each([](const LossOfTask& of) {
    const auto x = of.logits(3), y = of.labels(3, 5);
    const auto order = torch::tensor(std::vector<int64_t>{2, 0, 1});
    expect_near(of.sum(x.index_select(0, order), y.index_select(0, order)).mean(),
                of.sum(x, y).mean());
  });
}

TEST_P(LossConformance, NoValidPixelIsExactlyNothing) {
  with_each([](const LossOfTask& of) {
    for (const auto& at : {of.logits(2), torch::zeros_like(of.logits(2)), 1e4 * of.logits(2)}) {
      auto x = at.clone().requires_grad_();
      const auto sum = of.sum(x, of.nothing(2));
      EXPECT_EQ(sum.sum.item<double>(), 0);
      EXPECT_EQ(sum.count.item<double>(), 0);
      EXPECT_EQ(sum.mean().item<double>(), 0);
      sum.mean().backward();
      EXPECT_EQ(x.grad().count_nonzero().item<int64_t>(), 0);
    }
  });
}

TEST_P(LossConformance, InvalidPixelsChangeNothing) {
  with_each([](const LossOfTask& of) {
    const auto y = of.labels(2, 3), empty = of.nothing(2);
    // [N, 1, H, W]: where the label is the marker in all its channels.
    auto hole = y.eq(empty);
    hole = hole.dim() == 3 ? hole.unsqueeze(1) : hole.all(1, true);
    ASSERT_GT(hole.sum().item<int64_t>(), 0);
    auto x = of.logits(2).requires_grad_();
    const auto value = of.sum(x, y).mean();
    value.backward();
    EXPECT_EQ(x.grad().masked_select(hole).count_nonzero().item<int64_t>(), 0);
    const auto other = torch::where(hole, x.detach() * -50 + 7, x.detach());
    EXPECT_EQ(of.sum(other, y).mean().item<double>(), value.item<double>());
  });
}

TEST_P(LossConformance, ValueAndGradientAreFiniteForAllFiniteLogits) {
  with_each([](const LossOfTask& of) {
    const auto y = of.labels(2, 2);
    const auto target = y.is_floating_point() ? y.to(torch::kFloat) : y;
    for (const double scale : {0.0, 1e-30, 1.0, 1e4, 1e15}) {
      auto x = (of.logits(2) * scale).to(torch::kFloat).requires_grad_();
      const auto value = of.sum(x, target).mean();
      value.backward();
      EXPECT_TRUE(value.isfinite().item<bool>()) << scale;
      EXPECT_TRUE(x.grad().isfinite().all().item<bool>()) << scale;
    }
  });
}

TEST_P(LossConformance, HasAGradient) {
  with_each([](const LossOfTask& of) {
    auto x = of.logits(2).requires_grad_();
    of.sum(x, of.labels(2, 7)).mean().backward();
    EXPECT_GT(x.grad().abs().max().item<double>(), 0);
  });
}

TEST_P(LossConformance, IsFloat32InsideAutocast) {
  with_each([](const LossOfTask& of) {
    const auto x = of.logits(2).to(torch::kFloat), y = of.labels(2, 4);
    const auto target = y.is_floating_point() ? y.to(torch::kFloat) : y;
    const double exact = of.sum(x.to(torch::kDouble), y).mean().item<double>();
    const Autocast autocast(BF16, torch::kCPU);
    const auto value = of.sum(x, target).mean();
    EXPECT_EQ(value.scalar_type(), torch::kFloat);
    EXPECT_NEAR(value.item<double>(), exact, 2e-5 * (1 + std::abs(exact)));
  });
}

// Operators that bring a value to the host, or whose result's size depends on values: on a GPU each
// waits for all that is under way.
class HostReads {
 public:
  HostReads() {
    count_ = 0;
    handle_ = at::addThreadLocalCallback(
        at::RecordFunctionCallback(&seen).scopes({at::RecordScope::FUNCTION}));
  }
  ~HostReads() { at::removeCallback(handle_); }
  HostReads(const HostReads&) = delete;
  HostReads& operator=(const HostReads&) = delete;
  int count() const { return count_; }

 private:
  static std::unique_ptr<at::ObserverContext> seen(const at::RecordFunction& function) {
    static const std::set<std::string> kReads = {
        "aten::_local_scalar_dense", "aten::item",  "aten::is_nonzero", "aten::nonzero",
        "aten::masked_select",       "aten::equal", "aten::_unique2",   "aten::bincount"};
    count_ += int(kReads.count(function.name()));
    return nullptr;
  }

  static inline thread_local int count_ = 0;
  at::CallbackHandle handle_;
};

TEST_P(LossConformance, NeverWaitsForADevice) {
  with_each([](const LossOfTask& of) {
    const auto x = of.logits(2).requires_grad_(), y = of.labels(2, 4);
    HostReads reads;
    const auto value = of.sum(x, y).mean();
    value.backward();
    EXPECT_EQ(reads.count(), 0);
    value.item<double>();
    EXPECT_GT(reads.count(), 0);
  });
}

TASUKI_CONFORMANCE(LossConformance, Loss::kKind);

}  // namespace
}  // namespace tasuki::conformance
