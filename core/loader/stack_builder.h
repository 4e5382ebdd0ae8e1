#pragma once

#include <mutex>
#include <optional>

#include "tasuki/loader/collate.h"

namespace tasuki {

// A batch filled sample by sample, by several threads at once: each sample is written where it
// belongs in the batch's own tensors, and nothing is copied afterwards. The first sample to arrive
// decides the tensors' size.
class StackBuilder : public BatchBuilder {
 public:
  StackBuilder(size_t size, std::vector<std::string> fields, BatchMemory memory);

  // Error (kData) where the sample lacks a field, its fields differ in size or a Mat's type isn't
  // its kind's.
  void put(size_t position, const Sample& sample, size_t index) override;
  // Error (kData) when samples differ in size or in a field's kind, naming the first sample and the
  // first that differs from it.
  Batch finish() override;

 private:
  struct Slot {
    SampleInfo info;
    cv::Size size;
    std::vector<const FieldKind*> kinds;  // of fields_, in their order
    bool same(const Slot& other) const { return size == other.size && kinds == other.kinds; }
  };

  Slot describe(const Sample& sample, size_t index) const;
  // Makes the tensors if nobody has; false when they are for samples of another shape.
  bool prepare(const Slot& slot);
  torch::Tensor make_tensor(const FieldKind& kind, cv::Size size) const;
  void check_alike() const;

  const std::vector<std::string> fields_;
  const BatchMemory memory_;
  std::vector<Slot> slots_;
  std::mutex mutex_;                    // guards shape_ and the making of tensors_
  std::optional<Slot> shape_;           // what tensors_ are for
  std::vector<torch::Tensor> tensors_;  // of fields_, in their order
};

// The sample has these fields, of one size and of pixel types that a batch can be made of;
// otherwise an Error (kData) that names it.
void check_fields(const Sample& sample, const std::vector<std::string>& fields);

}  // namespace tasuki
