#include "tasuki/loader/collate.h"

#include <atomic>

#include "tasuki/error/error.h"
#include "tasuki/loader/stack_builder.h"

namespace tasuki {
namespace {

// Keeps the samples until the last one is there.
class WholeBuilder : public BatchBuilder {
 public:
  WholeBuilder(const WholeCollate& collate, size_t size, const std::vector<std::string>& fields,
               const BatchMemory& memory)
      : collate_(collate),
        fields_(fields),
        samples_(size),
        indices_(size),
        missing_(size),
        stack_(size, fields, memory) {}

  void put(size_t position, const Sample& sample, size_t index) override {
    check_fields(sample, fields_);
    samples_.at(position) = sample;
    indices_.at(position) = index;
    if (--missing_ == 0) write();
  }

  Batch finish() override { return stack_.finish(); }

 private:
  void write() {
    collate_.align(samples_, fields_);
    for (size_t i = 0; i < samples_.size(); ++i) stack_.put(i, samples_[i], indices_[i]);
    samples_.clear();
  }

  const WholeCollate& collate_;
  const std::vector<std::string> fields_;
  std::vector<Sample> samples_;
  std::vector<size_t> indices_;
  std::atomic<size_t> missing_;
  StackBuilder stack_;
};

}  // namespace

std::unique_ptr<BatchBuilder> Stack::begin(size_t size, const std::vector<std::string>& fields,
                                           const BatchMemory& memory) const {
  return std::make_unique<StackBuilder>(size, fields, memory);
}

std::unique_ptr<BatchBuilder> WholeCollate::begin(size_t size,
                                                  const std::vector<std::string>& fields,
                                                  const BatchMemory& memory) const {
  return std::make_unique<WholeBuilder>(*this, size, fields, memory);
}

}  // namespace tasuki
