#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <ostream>

#include "tasuki/study/statistics.h"
#include "tasuki/study/tune.h"

namespace tasuki {
namespace {

using nlohmann::json;

json finite_or_null(double value) {
  return std::isfinite(value) ? json(value) : json();
}

// The rung that a candidate came to last, and what it was worth there.
std::pair<const TuneRung*, const TuneRung::Entry*> last_of(const Tuned& tuned, size_t candidate) {
  std::pair<const TuneRung*, const TuneRung::Entry*> last = {nullptr, nullptr};
  for (const auto& rung : tuned.rungs) {
    for (const auto& entry : rung.entries) {
      if (entry.candidate == candidate) last = {&rung, &entry};
    }
  }
  return last;
}

json tune_cost_json(const Cost& cost) {
  return {{"trainings", cost.trainings}, {"epochs", cost.epochs}, {"seconds", cost.seconds}};
}

}  // namespace

void print_tuned(const Tuned& tuned, std::ostream& out) {
  out << fmt::format("\nProtocol {}, split {}, {} {}\n",
                     tuned.protocol.empty() ? "unnamed" : tuned.protocol, tuned.split,
                     tuned.seeds.size(), tuned.seeds.size() == 1 ? "seed" : "seeds");
  out << fmt::format("{:>9} {:>7} {:>10}  weights\n", "candidate", "epochs", "score");
  for (size_t i = 0; i < tuned.candidates.size(); ++i) {
    const auto [rung, entry] = last_of(tuned, i);
    out << fmt::format("{:>9} {:>7} {:>10.5f} ", i, rung->epochs, spread_of(entry->by_seed).mean);
    for (size_t k = 0; k < tuned.tasks.size(); ++k) {
      out << fmt::format(" {} {:g}", tuned.tasks[k], tuned.candidates[i][k]);
    }
    out << (i == 0 ? " (equal)" : "") << (i == tuned.best ? " (best)" : "") << "\n";
  }
  out << fmt::format("Cost: {} trainings, {:g} epochs, {:.0f} s\n", tuned.cost.trainings,
                     tuned.cost.epochs, tuned.cost.seconds);
  out << "Scores compare candidates of equal epochs alone, and flatter the best one: compare it on "
         "another split.\n";
  out << "Tuned config: " << tuned.file.string() << "\n";
}

std::string tuned_json(const Tuned& tuned) {
  json out = {
      {"config", tuned.config}, {"protocol", tuned.protocol}, {"split", tuned.split},
      {"seeds", tuned.seeds},   {"tasks", tuned.tasks},       {"candidates", json::array()},
      {"rungs", json::array()}, {"best", tuned.best},         {"cost", tune_cost_json(tuned.cost)}};
  for (const auto& weights : tuned.candidates) out["candidates"].push_back(weights);
  for (const auto& rung : tuned.rungs) {
    json entries = json::array();
    for (const auto& entry : rung.entries) {
      json scores = json::array();
      for (const double score : entry.by_seed) scores.push_back(finite_or_null(score));
      entries.push_back({{"candidate", entry.candidate}, {"scores", scores}});
    }
    out["rungs"].push_back({{"epochs", rung.epochs}, {"entries", entries}});
  }
  return out.dump(2) + "\n";
}

}  // namespace tasuki
