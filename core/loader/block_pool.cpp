#include "tasuki/loader/block_pool.h"

#include <algorithm>
#include <new>

namespace tasuki {
namespace {

// A cache line, and the widest vector register.
constexpr std::align_val_t kAlignment{64};

void release(void* memory) {
  ::operator delete(memory, kAlignment);
}

}  // namespace

BlockPool::~BlockPool() {
  for (const Block& block : unused_) release(block.memory);
}

void* BlockPool::reuse(size_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(unused_.begin(), unused_.end(),
                                  [&](const Block& block) { return block.bytes == bytes; });
  if (found == unused_.end()) return nullptr;
  void* memory = found->memory;
  unused_.erase(found);
  return memory;
}

void BlockPool::give_back(Block block) {
  const std::lock_guard lock(mutex_);
  unused_.push_back(block);
  if (unused_.size() <= most_) return;
  release(unused_.front().memory);
  unused_.pop_front();
}

std::shared_ptr<void> BlockPool::take(size_t bytes) {
  void* memory = reuse(bytes);
  if (!memory) memory = ::operator new(bytes, kAlignment);
  return {memory, [pool = shared_from_this(), bytes](void* block) {
            pool->give_back({bytes, block});
          }};
}

}  // namespace tasuki
