#include "tasuki/loader/sample_cache.h"

#include <algorithm>
#include <cstring>

namespace tasuki {
namespace {

Sample deep_copy(const Sample& sample) {
  Sample copy = sample;
  for (auto& [name, field] : copy.fields) field.value = field.value.clone();
  return copy;
}

// Any change of any bit shows, near enough: words of 8 bytes, each multiplied in.
uint64_t checksum(const cv::Mat& pixels, uint64_t sum) {
  const size_t bytes = pixels.cols * pixels.elemSize();
  for (int y = 0; y < pixels.rows; ++y) {
    const uchar* row = pixels.ptr(y);
    for (size_t i = 0; i < bytes; i += sizeof(uint64_t)) {
      uint64_t word = 0;
      std::memcpy(&word, row + i, std::min(sizeof(word), bytes - i));
      sum = (sum ^ word) * 0x9E3779B97F4A7C15u;
      sum ^= sum >> 32;
    }
  }
  return sum;
}

uint64_t checksum(const Sample& sample) {
  uint64_t sum = 0;
  for (const auto& [name, field] : sample.fields) sum = checksum(field.value, sum);
  return sum;
}

}  // namespace

size_t memory_bytes(const Sample& sample) {
  size_t bytes = sizeof(Sample) + sample.id.capacity();
  for (const auto& [name, field] : sample.fields) {
    bytes += field.value.total() * field.value.elemSize() + sizeof(cv::UMatData) +
             sizeof(std::pair<const std::string, Field>) + name.capacity() + field.file.capacity();
  }
  return bytes;
}

const Sample* SampleCache::find(size_t index) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(index);
  const Sample* sample = entry == entries_.end() ? nullptr : entry->second.sample.get();
  ++(sample ? state_.hits : state_.misses);
  return sample;
}

void SampleCache::keep(size_t index, const Sample& sample) {
  if (!budget_) return;
  const size_t bytes = memory_bytes(sample);
  auto memory = budget_->take(bytes);
  if (!memory) return;
  Entry entry{std::make_unique<const Sample>(deep_copy(sample)), 0, std::move(memory)};
  entry.checksum = checksum(*entry.sample);
  const std::lock_guard lock(mutex_);
  if (!entries_.emplace(index, std::move(entry)).second) return;  // another thread was faster
  state_.bytes += bytes;
  ++state_.samples;
}

bool SampleCache::unchanged(size_t index) {
  const Sample* sample;
  uint64_t expected;
  {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(index);
    if (entry == entries_.end()) return true;
    sample = entry->second.sample.get();
    expected = entry->second.checksum;
  }
  return checksum(*sample) == expected;
}

SampleCache::State SampleCache::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

}  // namespace tasuki
