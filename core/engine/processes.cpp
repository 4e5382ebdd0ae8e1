#include "tasuki/engine/processes.h"

#include <torch/torch.h>

#include <algorithm>
#include <map>

namespace tasuki {

void broadcast_tensors(Collective& processes, const std::vector<torch::Tensor>& tensors) {
  if (processes.size() == 1) return;
  const torch::NoGradGuard no_grad;
  std::map<std::pair<torch::ScalarType, std::string>, std::vector<torch::Tensor>> kinds;
  for (const auto& tensor : tensors) {
    kinds[{tensor.scalar_type(), tensor.device().str()}].push_back(tensor);
  }
  for (const auto& [kind, some] : kinds) {
    std::vector<torch::Tensor> flat;
    for (const auto& tensor : some) flat.push_back(tensor.detach().reshape(-1));
    const auto all = torch::cat(flat);
    processes.broadcast(all);
    int64_t begin = 0;
    for (const auto& tensor : some) {
      const auto part = all.slice(0, begin, begin + tensor.numel()).view(tensor.sizes());
      tensor.variable_data().copy_(part);
      begin += tensor.numel();
    }
  }
}

void check_processes(const ResolvedConfig& config, Collective& processes) {
  if (processes.size() == 1) return;
  const int64_t batch = config.message().data().loader().batch_size();
  const auto n = processes.size();
  if (batch % n != 0) {
    throw config.error("data.loader.batch_size",
                       "a batch of " + std::to_string(batch) + " can't be split over " +
                           std::to_string(n) +
                           " processes: it is that of all together, so make it "
                           "a multiple of their number (" +
                           std::to_string(batch / n * n + n) + ", say)");
  }
  const auto all = processes.gather(config.text());
  for (size_t rank = 1; rank < all.size(); ++rank) {
    if (all[rank] == all[0]) continue;
    throw Error(ErrorKind::kUsage, config.file() + ": process " + std::to_string(rank) + " of " +
                                       std::to_string(n) +
                                       " has another config than the first one; start all with the "
                                       "same file and settings");
  }
}

void check_losses_split(const Experiment& experiment) {
  for (const auto& objective : experiment.model->objectives()) {
    const auto& task = experiment.model->task(objective.source);
    const auto loss = task.batch_wide_loss();
    if (loss.empty()) continue;
    throw experiment.config.error("model.task[" + task.name + "].loss",
                                  "loss " + loss +
                                      " is computed of a batch as a whole, and several processes "
                                      "have parts of it; train in one process, or with another "
                                      "loss");
  }
}

void share_run(Run& run, std::vector<NamedHook>& hooks, Collective& processes) {
  run.collective = &processes;
  if (processes.size() == 1) return;
  auto tensors = run.experiment.model->parameters();
  const auto buffers = run.experiment.model->buffers();
  tensors.insert(tensors.end(), buffers.begin(), buffers.end());
  broadcast_tensors(processes, tensors);
  if (processes.is_first()) return;
  std::erase_if(hooks, [](const NamedHook& hook) { return hook.hook->only_observes(); });
}

void agree_to_stop(Run& run) {
  if (run.collective->size() == 1) return;
  const auto asked = torch::tensor({run.stopped.empty() ? 0.0 : 1.0}, torch::kFloat64);
  run.collective->sum(asked);
  if (asked.item<double>() > 0 && run.stopped.empty()) run.stop("another process asked to stop");
}

}  // namespace tasuki
