#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>

#include "tasuki/loader/batch.h"
#include "tasuki/model/metric.h"
#include "tests/conformance/registered.h"
#include "tests/conformance/tasks.h"

namespace tasuki::conformance {
namespace {

const cv::Size kImageSize(13, 8);
constexpr size_t kImageCount = 7;

// A metric with one of the tasks that it can be of, and images of that task: one without labels.
class MetricOfTask {
 public:
  MetricOfTask(std::string metric, const std::string& task, Averaging averaging)
      : metric_(std::move(metric)), task_(make_minimal<Task>(task, {"task", {}, false})) {
    static_cast<TargetInfo&>(context_) = target_info(*task_);
    context_.averaging = averaging;
    make();
    const auto& kind = field_kind(task_->field_kind());
    const auto tensor = [&](const cv::Mat& value) { return to_tensor({&kind, value, ""}, {}); };
    const int classes = int(task_->channels());
    for (uint64_t i = 0; i < kImageCount; ++i) {
      predictions_.push_back(tensor(random_valid(kind, kImageSize, 100 + i, classes)));
      labels_.push_back(tensor(random_with_holes(kind, kImageSize, i, classes)));
    }
    const cv::Mat nothing(kImageSize, kind.mat_type(), cv::Scalar::all(kind.invalid_value()));
    labels_[2] = tensor(nothing);
  }

  std::unique_ptr<Metric> make() const { return make_minimal<Metric>(metric_, context_); }
  std::unique_ptr<Metric> of(const std::vector<size_t>& images) const {
    auto metric = make();
    for (const size_t i : images) metric->accumulate(predictions_[i], labels_[i]);
    return metric;
  }
  std::unique_ptr<Metric> of_all() const {
    std::vector<size_t> images(kImageCount);
    std::iota(images.begin(), images.end(), size_t{0});
    return of(images);
  }

 private:
  std::string metric_;
  std::unique_ptr<Task> task_;
  Metric::Context context_;
  std::vector<torch::Tensor> predictions_, labels_;
};

// Sums are float64 sums, added in another order: off by some 2^-53 of what was added. Counts are
// far below 10^12, so that one too many or too few would be seen.
void expect_same(const Metric& merged, const Metric& whole) {
  const auto a = merged.state(), b = whole.state();
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_NEAR(a[i], b[i], 1e-12 * (1 + std::abs(b[i]))) << "number " << i;
  }
  const auto x = merged.values(), y = whole.values();
  ASSERT_EQ(x.size(), y.size());
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(x[i].info.name, y[i].info.name);
    // A figure may be the root of a difference of sums.
    EXPECT_NEAR(x[i].value, y[i].value, 1e-9 * (1 + std::abs(y[i].value))) << x[i].info.name;
  }
}

class MetricConformance : public ::testing::TestWithParam<std::string> {
 protected:
  MetricConformance() {
    for (const auto& task : Registry::instance().names(Task::kKind)) {
      for (const auto averaging : {PIXEL, IMAGE}) {
        try {
          tasks_.push_back(std::make_unique<MetricOfTask>(GetParam(), task, averaging));
        } catch (const OptionError& refusal) {
          EXPECT_EQ(refusal.field(), "") << task << ": " << refusal.what();
        }
      }
    }
  }

  // Calls check(metric) with every task that the metric can be of.
  template <class Check>
  void with_each(Check check) const {
    ASSERT_FALSE(tasks_.empty()) << "no task can have this metric";
    for (const auto& task : tasks_) check(*task);
  }

 private:
  std::vector<std::unique_ptr<MetricOfTask>> tasks_;
};

TEST_P(MetricConformance, NamesEndInMetric) {
  EXPECT_TRUE(GetParam().ends_with("Metric"));
}

TEST_P(MetricConformance, PartsMergedInAnyOrderAreTheWhole) {
  with_each([](const MetricOfTask& of) {
    const auto whole = of.of_all();
    std::mt19937 random(5);
    for (size_t parts = 1; parts <= kImageCount + 1; ++parts) {  // with empty ones
      std::vector<std::vector<size_t>> images(parts);
      for (size_t i = 0; i < kImageCount; ++i) images[random() % parts].push_back(i);
      std::shuffle(images.begin(), images.end(), random);
      auto merged = of.make();
      for (const auto& part : images) merged->merge(*of.of(part));
      expect_same(*merged, *whole);
    }
  });
}

TEST_P(MetricConformance, MergingIsAssociative) {
  with_each([](const MetricOfTask& of) {
    auto left = of.of({0, 1}), right = of.of({2, 3});
    left->merge(*of.of({4}));
    right->merge(*of.of({5, 6}));
    left->merge(*right);
    expect_same(*left, *of.of_all());
  });
}

TEST_P(MetricConformance, AStateIsAllOfIt) {
  with_each([](const MetricOfTask& of) {
    const auto whole = of.of_all();
    auto copy = of.make();
    copy->merge(whole->state());
    EXPECT_EQ(copy->state(), whole->state());
    nlohmann::json a, b;
    copy->details(a);
    whole->details(b);
    EXPECT_EQ(a, b);
    copy->merge(*of.make());
    EXPECT_EQ(copy->state(), whole->state());
  });
}

TEST_P(MetricConformance, AnotherMetricsStateIsRefused) {
  with_each([](const MetricOfTask& of) {
    auto metric = of.of_all();
    const auto before = metric->state();
    auto wrong = before;
    wrong.push_back(1);
    for (const auto& state : {wrong, std::vector<double>(), {before.begin(), before.end() - 1}}) {
      EXPECT_THROW(metric->merge(state), Error);
      EXPECT_EQ(metric->state(), before);
    }
  });
}

TEST_P(MetricConformance, OfNothingAreNotANumber) {
  with_each([](const MetricOfTask& of) {
    for (const auto& value : of.make()->values()) {
      EXPECT_TRUE(std::isnan(value.value)) << value.info.name;
    }
  });
}

TASUKI_CONFORMANCE(MetricConformance, Metric::kKind);

}  // namespace
}  // namespace tasuki::conformance
