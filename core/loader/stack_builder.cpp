#include "tasuki/loader/stack_builder.h"

#include <torch/cuda.h>

#include <algorithm>

#include "tasuki/error/error.h"
#include "tasuki/loader/pixels.h"

namespace tasuki {
namespace {

std::string text(const cv::Size& size) {
  return std::to_string(size.height) + "x" + std::to_string(size.width);
}

void check_field(const Sample& sample, const std::string& name, const Field& field,
                 const cv::Size& size) {
  std::string wrong;
  if (field.value.size() != size) {
    wrong = "size " + text(field.value.size()) + ", but other fields are " + text(size);
  } else if (!fits_kind(field)) {
    wrong = "pixel type " + cv::typeToString(field.value.type()) + " where " +
            cv::typeToString(field.kind->mat_type()) +
            " is expected: a transform changed it and did not change it back";
  }
  if (wrong.empty()) return;
  throw Error(ErrorKind::kData, "sample " + sample.id + ", field " + name + ": " + wrong);
}

}  // namespace

void check_fields(const Sample& sample, const std::vector<std::string>& fields) {
  const cv::Size size = fields.empty() ? cv::Size() : sample.field(fields.front()).value.size();
  for (const auto& name : fields) check_field(sample, name, sample.field(name), size);
}

StackBuilder::StackBuilder(size_t size, std::vector<std::string> fields, BatchMemory memory)
    : fields_(std::move(fields)),
      memory_{memory.pinned && torch::cuda::is_available(), memory.channels_last,
              std::move(memory.pool)},
      slots_(size) {}

StackBuilder::Slot StackBuilder::describe(const Sample& sample, size_t index) const {
  check_fields(sample, fields_);
  Slot slot{
      {sample.id, index, sample.original_size, sample.normalization, sample.camera, {}}, {}, {}};
  for (const auto& name : fields_) {
    const Field& field = sample.field(name);
    slot.size = field.value.size();
    slot.kinds.push_back(field.kind);
    if (!field.file.empty()) slot.info.files[name] = field.file;
  }
  return slot;
}

torch::Tensor StackBuilder::make_tensor(const FieldKind& kind, cv::Size size) const {
  const auto count = static_cast<int64_t>(slots_.size());
  return memory_.pinned
             ? empty_pinned_pixels(kind, count, size, memory_.channels_last)
             : empty_pixels(kind, count, size, memory_.pool.get(), memory_.channels_last);
}

bool StackBuilder::prepare(const Slot& slot) {
  const std::lock_guard lock(mutex_);
  if (!shape_) {
    for (const FieldKind* kind : slot.kinds) {
      tensors_.push_back(make_tensor(*kind, slot.size));
    }
    shape_ = slot;
  }
  return shape_->same(slot);
}

void StackBuilder::put(size_t position, const Sample& sample, size_t index) {
  Slot& slot = slots_.at(position);
  slot = describe(sample, index);
  if (!prepare(slot)) return;  // finish() tells
  for (size_t i = 0; i < fields_.size(); ++i) {
    const torch::Tensor& tensor = tensors_[i];
    const size_t block = tensor.nbytes() / slots_.size();
    write_pixels(sample.field(fields_[i]), sample.normalization,
                 static_cast<char*>(tensor.data_ptr()) + position * block, memory_.channels_last);
  }
}

void StackBuilder::check_alike() const {
  const Slot& first = slots_.front();
  const auto other = std::find_if(slots_.begin(), slots_.end(),
                                  [&](const Slot& slot) { return !slot.same(first); });
  if (other == slots_.end()) return;
  if (other->size != first.size) {
    throw Error(ErrorKind::kData,
                "samples of one batch must have one size, but sample " + first.info.id + " is " +
                    text(first.size) + " and sample " + other->info.id + " is " +
                    text(other->size) +
                    " (height x width): end the pipeline with a Resize, a crop or a Pad, or use "
                    "batches of one sample");
  }
  throw Error(ErrorKind::kData, "samples " + first.info.id + " and " + other->info.id +
                                    " of one batch have a field of one name and different kinds");
}

Batch StackBuilder::finish() {
  Batch batch;
  if (slots_.empty()) return batch;
  check_alike();
  for (auto& slot : slots_) batch.samples.push_back(std::move(slot.info));
  for (size_t i = 0; i < fields_.size(); ++i) batch.tensors[fields_[i]] = std::move(tensors_[i]);
  return batch;
}

}  // namespace tasuki
