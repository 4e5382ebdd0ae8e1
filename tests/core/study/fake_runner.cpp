#include "tests/core/study/fake_runner.h"

#include <torch/torch.h>

#include <nlohmann/json.hpp>

#include "tasuki/config/config_query.h"
#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/experiment.h"
#include "tasuki/io/files.h"
#include "tasuki/study/network_facts.h"

namespace tasuki::testing {
namespace {

using nlohmann::json;

json figures_of(const ResolvedConfig& config, const Dataset& dataset, const std::string& split,
                const FakeRunner::Quality& quality) {
  json result = {
      {"split", split},
      {"protocol", {{"name", config.message().protocol().name()}, {"metrics", json::array()}}},
      {"tasks", json::object()}};
  const auto joint = joint_tasks(config.message());
  const auto& listed = config.message().protocol().metric();
  for (const auto& [name, info] : metric_infos(config, dataset)) {
    const auto task = name.substr(0, name.find('.'));
    if (std::find(joint.begin(), joint.end(), task) == joint.end()) continue;
    const bool counts = listed.empty()
                            ? info.in_protocol
                            : std::find(listed.begin(), listed.end(), name) != listed.end();
    if (counts) result["protocol"]["metrics"].push_back(name);
    const double value = quality(config.message(), task);
    result["tasks"][task]["metrics"][info.name] = info.higher_is_better ? value : 1 / value;
  }
  return result;
}

json pairs_of(const Config& config,
              const std::function<double(const std::string&, const std::string&)>& value) {
  json all;
  for (const auto& from : joint_tasks(config)) {
    for (const auto& to : joint_tasks(config)) {
      if (from != to) all[from][to] = value(from, to);
    }
  }
  return all;
}

bool measures(const Config& config) {
  for (const auto& hook : config.train().hook()) {
    if (hook.hook().type_url() == "tasuki/Affinity") return true;
  }
  return false;
}

}  // namespace

class FakeRunner::Work : public StartedWork {
 public:
  Work(FakeRunner& runner, std::function<std::string()> finish)
      : runner_(runner), finish_(std::move(finish)), left_(runner.patience) {
    runner_.most_running = std::max(runner_.most_running, ++runner_.running);
  }
  ~Work() override {
    --runner_.running;
    if (!over_) ++runner_.stopped;
  }

  std::optional<std::string> ended() override {
    if (left_ > 0) {
      --left_;
      runner_.while_running();
      return {};
    }
    over_ = true;
    return finish_();
  }

 private:
  FakeRunner& runner_;
  std::function<std::string()> finish_;
  size_t left_;
  bool over_ = false;
};

std::unique_ptr<StartedWork> FakeRunner::start(std::function<std::string()> finish) {
  if (trained.size() + evaluated.size() > kill_after) throw Killed();
  return std::make_unique<Work>(*this, std::move(finish));
}

std::unique_ptr<StartedWork> FakeRunner::train(const TrainJob& job, bool resume) {
  trained.push_back(job.label);
  if (resume) resumed.push_back(job.label);
  return start([this, job]() -> std::string {
    write_file_atomically(job.log(), "a line\n\n" + log_text + "\n");
    try {
      const auto failure = failures.find(job.label);
      if (failure != failures.end()) return failure->second;
      leave_results(job);
    } catch (const Error& error) {
      write_file_atomically(job.log(), std::string(error.what()) + "\n");
      return "failed with exit code 1";
    }
    return "";
  });
}

void FakeRunner::leave_results(const TrainJob& job) const {
  const auto config = load_config(job.config);
  const auto kept = job.work_dir / kConfigFile;
  if (std::filesystem::exists(kept)) load_config(kept);
  const auto dataset = build_dataset(config, "");
  NamedTensors decoders;
  for (const auto& transfer : check_network(config, *dataset)) {
    decoders.emplace_back("decoder." + transfer + ".weight", torch::zeros({1}));
  }
  const auto epochs = epochs_of(config.message());
  write_file_atomically(kept, config.text());
  write_safetensors(job.work_dir / kBestFile, {decoders, {}});
  std::string history, affinities;
  for (int64_t epoch = 1; epoch <= epochs; ++epoch) {
    history += R"({"seconds": 0.5})"
               "\n";
    affinities += json{{"epoch", epoch},
                       {"affinity", pairs_of(config.message(), affinity)},
                       {"cosine", pairs_of(config.message(), affinity)}}
                      .dump() +
                  "\n";
  }
  write_file_atomically(job.work_dir / kHistoryFile, history);
  if (measures(config.message()))
    write_file_atomically(job.work_dir / "affinity.jsonl", affinities);
  auto metrics = figures_of(config, *dataset, "val", quality);
  metrics["epochs_done"] = epochs;
  metrics["finished"] = true;
  write_file_atomically(job.work_dir / kMetricsFile, metrics.dump());
  if (without_checkpoint.count(job.label) > 0) return;
  write_safetensors(job.work_dir / kLastFile, {{}, {{"epoch", std::to_string(epochs)}}});
}

std::unique_ptr<StartedWork> FakeRunner::evaluate(const TrainJob& job, const std::string& split) {
  evaluated.push_back(job.label);
  return start([this, job, split]() -> std::string {
    const auto failure = failures.find(job.label);
    if (failure != failures.end()) return failure->second;
    const auto config = load_config(job.config);
    const auto figures = figures_of(config, *build_dataset(config, ""), split, quality);
    write_file_atomically(job.work_dir / ("eval_" + split + ".json"), figures.dump());
    return "";
  });
}

}  // namespace tasuki::testing
