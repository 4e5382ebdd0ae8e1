#include "tools/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <iostream>

namespace tasuki::tools {

Progress::Progress(std::string what, size_t total)
    : what_(std::move(what)), total_(total), shown_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (shown_) std::cerr << "\r\033[K" << std::flush;
}

void Progress::add() {
  const std::lock_guard lock(mutex_);
  ++done_;
  const auto now = std::chrono::steady_clock::now();
  if (!shown_ || (now < next_ && done_ < total_)) return;
  next_ = now + std::chrono::milliseconds(100);
  std::cerr << fmt::format("\r{}: {}/{}", what_, done_, total_) << std::flush;
}

}  // namespace tasuki::tools
