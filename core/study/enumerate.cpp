#include "tasuki/study/strategies.h"

namespace tasuki {
namespace {

class Enumerate : public Strategy {
 public:
  explicit Enumerate(const StrategyContext& context) : context_(context) {}

  std::string name() const override { return "enumerate"; }
  std::string unit() const override { return "gain in percent"; }

  std::vector<Trial> trials(const Findings&) const override {
    std::vector<Trial> all;
    for (const auto& task : context_.tasks) all.push_back(alone(task));
    for (size_t i = 0; i < context_.tasks.size(); ++i) {
      for (size_t j = i + 1; j < context_.tasks.size(); ++j) all.push_back(pair(i, j));
    }
    return all;
  }

  std::vector<TransferScore> scores(const Findings& findings) const override {
    std::vector<TransferScore> scores;
    for (size_t to = 0; to < context_.tasks.size(); ++to) {
      for (size_t from = 0; from < context_.tasks.size(); ++from) {
        if (from == to) continue;
        const auto& target = context_.tasks[to];
        const auto both = pair(std::min(from, to), std::max(from, to));
        scores.push_back(
            {{context_.tasks[from], target}, findings.gains(target, both, alone(target)), 0});
      }
    }
    return scores;
  }

  double planned_cost() const override {
    const double tasks = double(context_.tasks.size());
    return double(context_.epochs) * (tasks + tasks * (tasks - 1));
  }

 private:
  Trial pair(size_t i, size_t j) const { return jointly({context_.tasks[i], context_.tasks[j]}); }

  StrategyContext context_;
};

}  // namespace

std::unique_ptr<Strategy> make_enumerate(const StrategyContext& context) {
  return std::make_unique<Enumerate>(context);
}

}  // namespace tasuki
