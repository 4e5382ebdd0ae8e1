#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>

namespace tasuki::tools {

// "split train: 120/795" on one line of the standard error where that is a terminal; gone when it
// is destroyed. Thread-safe.
class Progress {
 public:
  Progress(std::string what, size_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // One more is done.
  void add();

 private:
  const std::string what_;
  const size_t total_;
  const bool shown_;
  std::mutex mutex_;
  size_t done_ = 0;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace tasuki::tools
