#include "tasuki/engine/initial_weights.h"

#include <torch/torch.h>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/model/safetensors.h"

namespace tasuki {
namespace {

struct Match {
  std::vector<std::pair<torch::Tensor, torch::Tensor>> taken;  // of the model, of the file
  std::vector<std::string> drawn, left;
};

std::string shape_of(const torch::Tensor& tensor) {
  std::vector<std::string> sizes;
  for (const auto size : tensor.sizes()) sizes.push_back(std::to_string(size));
  return "[" + join(sizes) + "]";
}

Match match(const MultiTaskModel& model, const NamedTensors& tensors) {
  std::map<std::string, torch::Tensor> source(tensors.begin(), tensors.end());
  Match found;
  for (const auto& [name, target] : named_tensors(model)) {
    const auto item = source.find(name);
    if (item == source.end()) {
      found.drawn.push_back(name);
    } else if (item->second.sizes() != target.sizes() ||
               item->second.scalar_type() != target.scalar_type()) {
      found.drawn.push_back(name + " (" + shape_of(target) + ", in the file " +
                            shape_of(item->second) + ")");
      source.erase(item);
    } else {
      found.taken.emplace_back(target, item->second);
      source.erase(item);
    }
  }
  for (const auto& item : source) found.left.push_back(item.first);
  return found;
}

// "; drawn anew: a, b", "" where there is none.
std::string listed(const std::string& what, const std::vector<std::string>& names) {
  return names.empty()
             ? ""
             : "; " + what + " (" + std::to_string(names.size()) + "): " + join_some(names);
}

}  // namespace

std::string take_weights(MultiTaskModel& model, const std::filesystem::path& file, bool partial) {
  const auto checkpoint = read_weights(file);
  const Match found = match(model, checkpoint.tensors);
  const auto fail = [&](const std::string& problem) {
    return Error(ErrorKind::kData,
                 file.string() + ": " + problem +
                     listed("of the model only, or of another shape", found.drawn) +
                     listed("of the file only", found.left));
  };
  if (found.taken.empty()) throw fail("no tensor of it fits the model");
  if (!partial && (!found.drawn.empty() || !found.left.empty())) {
    throw fail(
        "not all of it is this model's, and not all of the model is in it (--init-partial "
        "takes the " +
        std::to_string(found.taken.size()) + " tensors that fit)");
  }
  const torch::NoGradGuard no_grad;
  for (const auto& [target, value] : found.taken) target.variable_data().copy_(value);
  const auto epoch = checkpoint.metadata.find("epoch");
  return "initial weights from " + file.string() +
         (epoch == checkpoint.metadata.end() ? "" : ", epoch " + epoch->second) + ": " +
         std::to_string(found.taken.size()) + " tensors taken" + listed("drawn anew", found.drawn) +
         listed("left in the file", found.left);
}

}  // namespace tasuki
