#pragma once

#include <cstdint>

namespace tasuki {

// How many threads a config's train.threads stands for; 0: usable_processors().
int threads_for(uint32_t wanted);

// What LibTorch and OpenCV keep once a process is set for a run while this lives: LibTorch's
// threads to threads_for(wanted), OpenCV's to one, because the loader's workers are the parallelism
// there. Afterwards both are as they were. One at a time in a process.
class ThreadSettings {
 public:
  explicit ThreadSettings(uint32_t wanted);
  ~ThreadSettings();
  ThreadSettings(const ThreadSettings&) = delete;
  ThreadSettings& operator=(const ThreadSettings&) = delete;

 private:
  int torch_threads_;
  int opencv_threads_;
};

}  // namespace tasuki
