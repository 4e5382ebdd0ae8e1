#include "tasuki/study/network_facts.h"

#include <torch/torch.h>

#include "tasuki/config/config_query.h"
#include "tasuki/engine/experiment.h"

namespace tasuki {
namespace {

ClassNames class_names_of(const Dataset& dataset) {
  return [&dataset](const std::string& field) { return dataset.class_names(field); };
}

}  // namespace

MetricInfos metric_infos(const ResolvedConfig& config, const Dataset& dataset) {
  MetricInfos infos;
  for (const auto& task : build_tasks(config, class_names_of(dataset))) {
    for (const auto& value : task.make_metrics().values()) {
      infos[task.name + "." + value.info.name] = value.info;
    }
  }
  return infos;
}

std::vector<std::string> check_network(const ResolvedConfig& config, const Dataset& dataset) {
  const MultiTaskModel network(config, class_names_of(dataset), Network::kTraining);
  std::vector<std::string> transfers;
  for (const auto& objective : network.objectives()) {
    if (objective.auxiliary) transfers.push_back(objective.name);
  }
  return transfers;
}

int64_t check_steps(const ResolvedConfig& config, const Dataset& dataset) {
  Experiment experiment;
  experiment.config = config;
  const auto loader = experiment.loader_options(Experiment::Pipeline::kTrain);
  const std::shared_ptr<const Dataset> borrowed(std::shared_ptr<const Dataset>(), &dataset);
  const auto sampler = build_sampler(config, borrowed);
  const size_t samples = sampler ? sampler->length() : dataset.size(experiment.train_split());
  const size_t rest = loader.drop_last ? 0 : loader.batch_size - 1;
  const auto steps = int64_t((samples + rest) / loader.batch_size);
  if (steps == 0) {
    throw config.error("data.loader.batch_size",
                       "split " + experiment.train_split() + " has " + std::to_string(samples) +
                           " samples, less than one batch, and drop_last leaves it out");
  }
  const int64_t all = epochs_of(config.message()) * steps;
  const int64_t warmup = config.message().train().warmup_steps();
  if (warmup < all) return steps;
  throw config.error("train.warmup_steps", "a training has only " + std::to_string(all) +
                                               " steps, and the warm-up takes " +
                                               std::to_string(warmup) + " of them; lower it");
}

int64_t inference_parameters(const ResolvedConfig& config, const Dataset& dataset) {
  return parameter_count(MultiTaskModel(config, class_names_of(dataset), Network::kInference));
}

}  // namespace tasuki
