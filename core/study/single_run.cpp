#include "tasuki/error/error.h"
#include "tasuki/study/strategies.h"

namespace tasuki {
namespace {

constexpr double kPercentPerOne = 100;

class SingleRun : public Strategy {
 public:
  SingleRun(SingleRunMeasure measure, const StrategyContext& context)
      : measure_(measure), context_(context) {}

  std::string name() const override { return is_tag() ? "tag" : "cosine"; }
  std::string unit() const override {
    return is_tag() ? "affinity in percent of the loss" : "cosine of gradients";
  }

  std::vector<Trial> trials(const Findings&) const override { return {trial()}; }

  std::vector<TransferScore> scores(const Findings& findings) const override {
    std::vector<TransferScore> scores;
    for (const auto& edge : all_edges(context_.tasks)) scores.push_back({edge, {}, 0});
    for (const uint64_t seed : findings.seeds()) {
      const auto& result = findings.at(trial(), seed);
      const auto values =
          is_tag() ? result.affinity.mean_affinity() : result.affinity.mean_cosine();
      for (auto& score : scores) score.by_seed.push_back(value_of(values, score.edge, result));
    }
    return scores;
  }

  // Measuring costs one more forward pass a task; small beside the steps between measurements.
  double planned_cost() const override {
    return double(context_.epochs) * double(context_.tasks.size());
  }
  bool scores_are_gains() const override { return false; }

 private:
  bool is_tag() const { return measure_ == SingleRunMeasure::kTag; }

  Trial trial() const {
    Trial trial = jointly(context_.tasks);
    trial.measures_affinity = true;
    return trial;
  }

  double value_of(const EdgeValues& values, const Edge& edge, const TrialResult& result) const {
    const auto found = values.find(edge);
    if (found != values.end()) return is_tag() ? kPercentPerOne * found->second : found->second;
    throw Error(ErrorKind::kRun, (result.work_dir / kAffinityFile).string() +
                                     " has no measurement of " + edge.text() +
                                     "; a run shorter than the steps between two measurements has "
                                     "none: lower --affinity-every");
  }

  SingleRunMeasure measure_;
  StrategyContext context_;
};

}  // namespace

std::unique_ptr<Strategy> make_single_run(SingleRunMeasure measure,
                                          const StrategyContext& context) {
  return std::make_unique<SingleRun>(measure, context);
}

}  // namespace tasuki
