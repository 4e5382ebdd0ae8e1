#pragma once

#include <deque>
#include <memory>
#include <mutex>

namespace tasuki {

// Memory of past batches for the next ones. Fresh memory of a batch's size costs a page fault every
// 4 KiB, which is more than filling it does; a loader's batches are all of one size and few are
// alive at once. Thread-safe; blocks may outlive the pool's owner.
class BlockPool : public std::enable_shared_from_this<BlockPool> {
 public:
  // Keeps up to `most` unused blocks.
  explicit BlockPool(size_t most) : most_(most) {}
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  // `bytes` of uninitialised memory, aligned to 64; back in the pool when its last owner lets go.
  std::shared_ptr<void> take(size_t bytes);

 private:
  struct Block {
    size_t bytes;
    void* memory;
  };

  void* reuse(size_t bytes);
  void give_back(Block block);

  const size_t most_;
  std::mutex mutex_;
  std::deque<Block> unused_;  // oldest first
};

}  // namespace tasuki
