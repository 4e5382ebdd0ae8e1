#include "tasuki/study/comparison.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tasuki/study/trial_result.h"

namespace tasuki {
namespace {

using nlohmann::json;

using ValuesBySeed = std::map<std::string, std::vector<double>>;

void add_values(ValuesBySeed& all, const TaskValues& task) {
  for (const auto& value : task.values) {
    if (value.info.in_protocol) all[task.task + "." + value.info.name].push_back(value.value);
  }
}

std::map<std::string, Spread> spreads(const ValuesBySeed& values) {
  std::map<std::string, Spread> found;
  for (const auto& [name, by_seed] : values) found[name] = spread_of(by_seed);
  return found;
}

TaskValues mean_of(const std::vector<TaskValues>& runs) {
  TaskValues mean = runs.front();
  for (auto& value : mean.values) {
    std::vector<double> all;
    for (const auto& run : runs) {
      for (const auto& other : run.values) {
        if (other.info.name == value.info.name) all.push_back(other.value);
      }
    }
    value.value = spread_of(all).mean;
  }
  return mean;
}

// What seed number `k` of `seeds` is held against.
std::vector<TaskValues> baseline(const Baselines& baselines, size_t k, size_t seeds) {
  std::vector<TaskValues> values;
  for (const auto& [task, runs] : baselines) {
    values.push_back(runs.size() == seeds ? runs[k] : mean_of(runs));
  }
  return values;
}

ComparedRow single_task_row(const Baselines& baselines) {
  ValuesBySeed values;
  for (const auto& [task, runs] : baselines) {
    for (const auto& run : runs) add_values(values, run);
  }
  return {"single-task", spreads(values), {}, {}};
}

ComparedRow row_of(const ComparedModel& model, const Baselines& baselines) {
  ValuesBySeed values, gains;
  std::vector<double> deltas;
  for (size_t k = 0; k < model.by_seed.size(); ++k) {
    const auto base = baseline(baselines, k, model.by_seed.size());
    auto tasks = model.by_seed[k];
    if (!base.empty()) {
      for (const auto& name : model.alone) tasks.push_back(values_of(base, name));
    }
    for (const auto& task : tasks) {
      add_values(values, task);
      if (!base.empty()) gains[task.task].push_back(delta_m({task}, base));
    }
    if (!base.empty()) deltas.push_back(delta_m(tasks, base));
  }
  ComparedRow row{model.name, spreads(values), spreads(gains), {}};
  if (!deltas.empty()) row.delta_m = spread_of(deltas);
  return row;
}

json finite_number(double value) {
  return std::isfinite(value) ? json(value) : json();
}

json spread_json(const Spread& spread) {
  return {{"mean", finite_number(spread.mean)},
          {"std", finite_number(spread.deviation)},
          {"n", spread.count}};
}

}  // namespace

std::map<std::string, MetricInfo> columns_of(const Comparison& comparison) {
  std::map<std::string, MetricInfo> columns;
  const auto add = [&](const TaskValues& task) {
    for (const auto& value : task.values) {
      if (value.info.in_protocol) columns[task.task + "." + value.info.name] = value.info;
    }
  };
  for (const auto& model : comparison.models) {
    for (const auto& tasks : model.by_seed) std::for_each(tasks.begin(), tasks.end(), add);
  }
  for (const auto& [task, runs] : comparison.baselines) {
    std::for_each(runs.begin(), runs.end(), add);
  }
  return columns;
}

std::vector<ComparedRow> rows_of(const Comparison& comparison) {
  std::vector<ComparedRow> rows;
  if (!comparison.baselines.empty()) rows.push_back(single_task_row(comparison.baselines));
  for (const auto& model : comparison.models) rows.push_back(row_of(model, comparison.baselines));
  return rows;
}

std::string comparison_json(const Comparison& comparison) {
  json out = {{"protocol", comparison.protocol},
              {"split", comparison.split},
              {"seeds", comparison.seeds},
              {"rows", json::array()}};
  for (const auto& row : rows_of(comparison)) {
    json entry = {{"name", row.name}};
    for (const auto& [name, value] : row.values) entry["metrics"][name] = spread_json(value);
    for (const auto& [task, gain] : row.gains) entry["gain_percent"][task] = spread_json(gain);
    if (row.delta_m) entry["delta_m_percent"] = spread_json(*row.delta_m);
    for (const auto& model : comparison.models) {
      if (model.name != row.name) continue;
      entry["training"] = {{"epochs", model.epochs}, {"seconds", model.seconds}};
      entry["parameters_at_inference"] = model.parameters;
      entry["served_by_single_task_models"] = model.alone;
    }
    out["rows"].push_back(std::move(entry));
  }
  return out.dump(2) + "\n";
}

}  // namespace tasuki
