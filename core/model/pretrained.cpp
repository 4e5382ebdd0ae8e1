#include "core/model/pretrained.h"

#include "core/model/model.h"
#include "core/model/safetensors.h"

namespace tasuki {

void load_pretrained(const Encoder& encoder, const Architecture& architecture) {
  const std::string path = encoder.pretrained();
  if (path.empty()) return;
  NamedTensors published;
  for (auto& item : read_safetensors(path).tensors) {
    if (!encoder.leaves_out(item.first)) published.push_back(std::move(item));
  }
  // Each copy of a stage takes the same tensors, so a layer of all names is strict once per copy.
  std::vector<NamedTensors> copies;
  std::vector<size_t> copies_of(encoder.stages().size(), 0);
  for (const auto& [stage, module] : architecture.stage_modules()) {
    const size_t copy = copies_of[stage]++;
    if (copies.size() <= copy) copies.resize(copy + 1);
    for (const auto& [name, tensor] : named_tensors(*module)) {
      copies[copy].emplace_back(encoder.stages()[stage].prefix + name, tensor);
    }
  }
  for (size_t copy = 0; copy < copies.size(); ++copy) {
    std::map<std::string, torch::Tensor> wanted(copies[copy].begin(), copies[copy].end());
    NamedTensors part;
    for (const auto& item : published) {
      if (copy == 0 || wanted.count(item.first) != 0) part.push_back(item);
    }
    copy_tensors(part, copies[copy], path);
  }
}

}  // namespace tasuki
