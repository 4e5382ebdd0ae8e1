#include <algorithm>
#include <cmath>
#include <limits>

#include "tasuki/study/statistics.h"
#include "tasuki/study/strategies.h"

namespace tasuki {
namespace {

class Halving : public Strategy {
 public:
  explicit Halving(const StrategyContext& context)
      : context_(context),
        edges_(all_edges(context.tasks)),
        rungs_(halving_rungs(edges_.size(), context.epochs)) {}

  std::string name() const override { return "halving"; }
  std::string unit() const override { return "gain in percent at the candidate's last rung"; }

  std::vector<Trial> trials(const Findings& findings) const override {
    std::vector<Trial> all;
    auto going = edges_;
    for (size_t r = 0; r < rungs_.size(); ++r) {
      const auto rung = rung_trials(going, length(r));
      all.insert(all.end(), rung.begin(), rung.end());
      if (!std::all_of(rung.begin(), rung.end(),
                       [&](const Trial& trial) { return findings.has(trial); })) {
        break;
      }
      if (r + 1 < rungs_.size()) going = best(going, r, findings);
    }
    return all;
  }

  std::vector<TransferScore> scores(const Findings& findings) const override {
    std::map<Edge, TransferScore> last;
    auto going = edges_;
    for (size_t r = 0; r < rungs_.size(); ++r) {
      for (const auto& edge : going) last[edge] = score(edge, r, findings);
      if (r + 1 < rungs_.size()) going = best(going, r, findings);
    }
    std::vector<TransferScore> scores;
    for (const auto& edge : edges_) scores.push_back(last.at(edge));
    return scores;
  }

  double planned_cost() const override {
    double cost = 0;
    for (const auto& rung : rungs_) {
      const size_t alone = std::min(rung.candidates, context_.tasks.size());
      cost += double(rung.epochs) * double(2 * rung.candidates + alone);
    }
    return cost;
  }

 private:
  // As a Trial has it: 0 stands for the config's epochs, so that the last rung shares its baselines
  // with everything else.
  int64_t length(size_t rung) const { return rung + 1 == rungs_.size() ? 0 : rungs_[rung].epochs; }

  static Trial candidate(const Edge& edge, int64_t epochs) {
    Trial trial = alone(edge.to, epochs);
    trial.transfers = {edge};
    return trial;
  }

  // Each target alone, then the candidates.
  static std::vector<Trial> rung_trials(const std::vector<Edge>& going, int64_t epochs) {
    std::vector<Trial> rung;
    std::vector<std::string> targets;
    for (const auto& edge : going) {
      if (std::find(targets.begin(), targets.end(), edge.to) != targets.end()) continue;
      targets.push_back(edge.to);
      rung.push_back(alone(edge.to, epochs));
    }
    for (const auto& edge : going) rung.push_back(candidate(edge, epochs));
    return rung;
  }

  TransferScore score(const Edge& edge, size_t rung, const Findings& findings) const {
    const int64_t epochs = length(rung);
    return {edge, findings.gains(edge.to, candidate(edge, epochs), alone(edge.to, epochs)), epochs};
  }

  // Those that go on from a rung, in the order of all candidates. Equal ones: the earlier.
  std::vector<Edge> best(const std::vector<Edge>& going, size_t rung,
                         const Findings& findings) const {
    std::vector<std::pair<double, Edge>> ranked;
    for (const auto& edge : going) {
      const double mean = spread_of(score(edge, rung, findings).by_seed).mean;
      ranked.emplace_back(std::isnan(mean) ? -std::numeric_limits<double>::infinity() : mean, edge);
    }
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    ranked.resize(std::min(ranked.size(), rungs_[rung + 1].candidates));
    std::vector<Edge> kept;
    for (const auto& edge : going) {
      const auto is_it = [&](const auto& item) { return item.second == edge; };
      if (std::any_of(ranked.begin(), ranked.end(), is_it)) kept.push_back(edge);
    }
    return kept;
  }

  StrategyContext context_;
  std::vector<Edge> edges_;
  std::vector<Rung> rungs_;
};

}  // namespace

std::vector<Rung> halving_rungs(size_t candidates, int64_t epochs) {
  size_t halvings = 0;
  while ((candidates >> (halvings + 1)) >= 1 && (epochs >> (halvings + 1)) >= 1) ++halvings;
  std::vector<Rung> rungs;
  for (size_t r = 0; r <= halvings; ++r) {
    const size_t left = (candidates + (size_t{1} << r) - 1) >> r;
    rungs.push_back({epochs >> (halvings - r), left});
  }
  return rungs;
}

std::unique_ptr<Strategy> make_halving(const StrategyContext& context) {
  return std::make_unique<Halving>(context);
}

}  // namespace tasuki
