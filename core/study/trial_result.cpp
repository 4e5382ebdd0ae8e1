#include "tasuki/study/trial_result.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"

namespace tasuki {
namespace {

using nlohmann::json;

constexpr size_t kLargestResult = size_t{256} << 20;
constexpr const char* kMetrics = "metrics.json";
constexpr const char* kHistory = "history.jsonl";

// Calls `read` with the parsed file; whatever is not as expected in it names the file.
template <class Read>
auto with_json(const std::filesystem::path& file, Read read) {
  try {
    return read(json::parse(read_file(file, kLargestResult)));
  } catch (const json::exception& wrong) {
    throw Error(ErrorKind::kData,
                file.string() + ": not a result file of Tasuki (" + wrong.what() + ")");
  }
}

const MetricInfo& info_of(const std::string& key, const std::string& file,
                          const MetricInfos& infos) {
  const auto info = infos.find(key);
  if (info != infos.end()) return info->second;
  throw Error(ErrorKind::kData,
              file + ": has the metric " + key + ", which the config's tasks do not have");
}

TaskValues figures_of_task(const std::string& task, const json& metrics, const std::string& file,
                           const MetricInfos& infos, const std::set<std::string>& listed) {
  TaskValues values{task, {}};
  const std::string prefix = task + ".";
  for (const auto& [name, value] : metrics.items()) {
    std::string key = prefix;
    key += name;
    values.values.push_back(
        {info_of(key, file, infos), value.is_null() ? NAN : value.get<double>()});
    values.values.back().info.in_protocol = listed.count(key) > 0;
  }
  return values;
}

std::vector<TaskValues> figures(const json& result, const std::string& file,
                                const MetricInfos& infos) {
  const auto listed = result.at("protocol").at("metrics").get<std::set<std::string>>();
  std::vector<TaskValues> tasks;
  for (const auto& [task, entry] : result.at("tasks").items()) {
    tasks.push_back(figures_of_task(task, entry.at("metrics"), file, infos, listed));
  }
  return tasks;
}

double seconds_in(const std::filesystem::path& history) {
  std::istringstream in(read_file(history, kLargestResult));
  double seconds = 0;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const auto entry = json::parse(line, nullptr, false);
    if (!entry.is_object() || !entry.contains("seconds") || !entry["seconds"].is_number()) {
      throw Error(ErrorKind::kData, history.string() + ":" + std::to_string(number) +
                                        ": not a line of a training history");
    }
    seconds += entry["seconds"].get<double>();
  }
  return seconds;
}

}  // namespace

std::string advice_for(const std::filesystem::path& path) {
  return "remove " + path.string() + ", and the same command makes it anew";
}

Progress progress_of(const std::filesystem::path& work_dir) {
  const auto file = work_dir / kMetrics;
  if (!std::filesystem::exists(file)) return {};
  return with_json(file, [](const json& result) {
    return Progress{result.at("epochs_done").get<int64_t>(), result.at("finished").get<bool>()};
  });
}

std::vector<TaskValues> read_figures(const std::filesystem::path& file, const MetricInfos& infos) {
  return with_json(file, [&](const json& result) { return figures(result, file.string(), infos); });
}

TrialResult read_trial_result(const std::filesystem::path& work_dir, const MetricInfos& infos) {
  const auto file = work_dir / kMetrics;
  const auto read = [&](const json& result) {
    TrialResult found;
    found.work_dir = work_dir;
    found.protocol = result.at("protocol").at("name").get<std::string>();
    found.split = result.at("split").get<std::string>();
    found.tasks = figures(result, file.string(), infos);
    found.epochs = result.at("epochs_done").get<int64_t>();
    found.seconds = seconds_in(work_dir / kHistory);
    found.affinity = read_affinities(work_dir / kAffinityFile);
    return found;
  };
  return with_advice(work_dir, [&] { return with_json(file, read); });
}

const TaskValues& values_of(const std::vector<TaskValues>& all, const std::string& task) {
  std::vector<std::string> known;
  for (const auto& one : all) {
    if (one.task == task) return one;
    known.push_back(one.task);
  }
  throw Error(ErrorKind::kRun,
              "no figures of task \"" + task + "\"; there are some of: " + join(known));
}

}  // namespace tasuki
