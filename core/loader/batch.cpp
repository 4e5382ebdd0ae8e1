#include "tasuki/loader/batch.h"

#include "tasuki/error/error.h"
#include "tasuki/loader/stack_builder.h"

namespace tasuki {

std::string place_of(const SampleInfo& sample, const std::string& field, const std::string& split) {
  auto file = sample.files.find(field);
  if (file == sample.files.end()) file = sample.files.find("image");
  return "sample " + sample.id + " (" + (split.empty() ? "" : "split " + split + ", ") + "index " +
         std::to_string(sample.index) + (file == sample.files.end() ? "" : ", " + file->second) +
         ")";
}

const torch::Tensor& Batch::tensor(const std::string& field) const {
  const auto found = tensors.find(field);
  if (found != tensors.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& entry : tensors) known.push_back(entry.first);
  throw Error(ErrorKind::kData, "the batch has no field \"" + field + "\"" +
                                    did_you_mean(field, known) + "; it has: " + join(known));
}

Batch Batch::to(torch::Device device) const {
  Batch moved{{}, samples, epoch, counts};
  for (const auto& [name, tensor] : tensors) {
    // Without pinned memory the copy waits by itself.
    moved.tensors[name] = tensor.to(device, /*non_blocking=*/true);
  }
  return moved;
}

Batch collate(const std::vector<Sample>& samples, const std::vector<size_t>& indices,
              const std::vector<std::string>& fields, bool pinned, bool channels_last) {
  TORCH_CHECK(samples.size() == indices.size(), "collate: ", samples.size(), " samples and ",
              indices.size(), " indices");
  StackBuilder builder(samples.size(), fields, {pinned, channels_last, nullptr});
  for (size_t i = 0; i < samples.size(); ++i) builder.put(i, samples[i], indices[i]);
  return builder.finish();
}

}  // namespace tasuki
