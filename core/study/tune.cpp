#include "tasuki/study/tune.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>
#include <random>

#include "tasuki/config/config_query.h"
#include "tasuki/engine/experiment.h"
#include "tasuki/evaluation/delta_m.h"
#include "tasuki/io/files.h"
#include "tasuki/loader/loader.h"
#include "tasuki/study/network_facts.h"
#include "tasuki/study/present_conditions.h"
#include "tasuki/study/seeds.h"
#include "tasuki/study/statistics.h"
#include "tasuki/study/strategy.h"
#include "tasuki/study/tune_folder.h"

namespace tasuki {
namespace {

// Keeps these draws apart from others that are seeded by the same numbers.
constexpr uint64_t kCandidateStream = 0x74756e65;
constexpr size_t kMostCandidates = 4096;

// A number in [0, 1), the same with every standard library.
double uniform_number(std::mt19937_64& random) {
  return double(random() >> 11) * 0x1p-53;
}

double four_digits(double value) {
  const double unit = std::pow(10, std::floor(std::log10(value)) - 3);
  return std::round(value / unit) * unit;
}

void check_tune_options(const TuneOptions& options) {
  const auto check = [](bool holds, const std::string& problem) {
    if (!holds) throw Error(ErrorKind::kUsage, problem);
  };
  check(options.candidates >= 2 && options.candidates <= kMostCandidates,
        "candidates: 2 to " + std::to_string(kMostCandidates) + " can be compared");
  check(std::isfinite(options.range) && options.range > 1, "range: a number above 1");
  const auto most = std::to_string(kMostSeeds);
  check(options.seeds >= 1 && options.seeds <= kMostSeeds, "seeds: 1 to " + most + " can choose");
  check(options.jobs >= 1, "jobs: at least one training runs at a time");
}

// What a tuning is about, checked before anything is written or trained.
struct Tuning {
  Tuning(const ResolvedConfig& tuned, const TuneOptions& asked)
      : options(asked), config(tuned), base(asked.base) {
    check_tune_options(options);
    const auto& message = config.message();
    tasks = joint_tasks(message);
    if (tasks.size() < 2) throw config.error("model.task", "a tuning needs two tasks or more");
    dataset = build_dataset(config, options.data_root);
    candidates =
        candidate_weights(message.train().seed(), tasks.size(), options.candidates, options.range);
    rungs = halving_rungs(candidates.size(), epochs_of(message));
    conditions = conditions_of({&config}, *dataset, options.seeds, options.jobs);
    check_network(laid_over(config, tune_layer(candidates.back(), message, base)), *dataset);
    check_steps(config, *dataset);
    infos = metric_infos(config, *dataset);
  }

  std::string name() const {
    const auto& given = config.message().name();
    return given.empty() ? std::filesystem::path(config.file()).stem().string() : given;
  }
  std::filesystem::path folder() const {
    if (!options.work_dir.empty()) return options.work_dir;
    std::string plain = "tune_" + name();
    std::replace(plain.begin(), plain.end(), ' ', '_');
    return std::filesystem::path("work_dirs") / plain;
  }
  // Epochs over all seeds.
  double planned_cost() const {
    double cost = 0;
    for (const auto& rung : rungs) cost += double(rung.epochs) * double(rung.candidates);
    return cost * double(options.seeds);
  }

  const TuneOptions& options;
  const ResolvedConfig& config;
  WeightBase base;
  std::vector<std::string> tasks;
  std::shared_ptr<const Dataset> dataset;
  std::vector<TaskWeights> candidates;
  std::vector<Rung> rungs;
  RunConditions conditions;
  MetricInfos infos;
};

// Those that go on, in the order of all candidates. Equal ones: the earlier.
std::vector<size_t> best_of(const TuneRung& rung, size_t count) {
  std::vector<std::pair<double, size_t>> ranked;
  for (const auto& entry : rung.entries) {
    const double mean = spread_of(entry.by_seed).mean;
    ranked.emplace_back(std::isnan(mean) ? -std::numeric_limits<double>::infinity() : mean,
                        entry.candidate);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<size_t> kept;
  for (size_t i = 0; i < std::min(count, ranked.size()); ++i) kept.push_back(ranked[i].second);
  std::sort(kept.begin(), kept.end());
  return kept;
}

// Trains what is not finished of a rung, and reads its figures.
TuneRung climb(const Tuning& about, const TuneFolder& folder, const std::vector<size_t>& going,
               int64_t epochs, TrainQueue& queue, bool last, Tuned& tuned) {
  std::vector<TrainJob> jobs;
  for (const size_t candidate : going) {
    for (const uint64_t seed : tuned.seeds) {
      jobs.push_back(folder.job(candidate, about.candidates[candidate], epochs, seed));
    }
  }
  queue.run(jobs, last);
  TuneRung rung{epochs, {}};
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (i % tuned.seeds.size() == 0) rung.entries.push_back({going[i / tuned.seeds.size()], {}});
    const auto result = read_trial_result(jobs[i].work_dir, about.infos);
    rung.entries.back().by_seed.push_back(selection_score(result.tasks));
    const auto passed = double(result.epochs);
    tuned.cost = tuned.cost + Cost{1, passed, passed, result.seconds};
    tuned.protocol = result.protocol;
    tuned.split = result.split;
  }
  return rung;
}

}  // namespace

std::vector<TaskWeights> candidate_weights(uint64_t seed, size_t tasks, size_t count,
                                           double range) {
  std::vector<TaskWeights> all = {TaskWeights(tasks, 1)};
  for (uint64_t k = 1; k < count; ++k) {
    std::mt19937_64 random(mix_seeds({seed, kCandidateStream, k}));
    TaskWeights weights;
    double sum = 0;
    for (size_t i = 0; i < tasks; ++i) {
      weights.push_back(std::exp((2 * uniform_number(random) - 1) * std::log(range)));
      sum += weights.back();
    }
    for (double& weight : weights) weight = four_digits(weight * double(tasks) / sum);
    all.push_back(weights);
  }
  return all;
}

Tuned tune(const ResolvedConfig& config, const TuneOptions& options, TrainRunner& runner,
           std::ostream& out) {
  const Tuning about(config, options);
  TrainQueue queue(runner, out, options.jobs, about.planned_cost());
  const TuneFolder folder(about.folder(), config, about.base, options.range, about.conditions, out);
  Tuned tuned;
  tuned.config = about.name();
  tuned.seeds = about.conditions.seeds;
  tuned.tasks = about.tasks;
  tuned.candidates = about.candidates;
  std::vector<size_t> going;
  for (size_t i = 0; i < about.candidates.size(); ++i) going.push_back(i);
  for (const auto& rung : about.rungs) {
    if (!tuned.rungs.empty()) going = best_of(tuned.rungs.back(), rung.candidates);
    const bool last = tuned.rungs.size() + 1 == about.rungs.size();
    out << fmt::format("Rung {} of {}: {} {}, {} {}\n", tuned.rungs.size() + 1, about.rungs.size(),
                       going.size(), going.size() == 1 ? "candidate" : "candidates", rung.epochs,
                       rung.epochs == 1 ? "epoch" : "epochs");
    tuned.rungs.push_back(climb(about, folder, going, rung.epochs, queue, last, tuned));
  }
  tuned.best = best_of(tuned.rungs.back(), 1).front();
  tuned.file = folder.write_tuned(about.candidates[tuned.best]);
  write_file_atomically(folder.path() / kTuneJson, tuned_json(tuned));
  print_tuned(tuned, out);
  return tuned;
}

}  // namespace tasuki
