#pragma once

#include <ATen/record_function.h>

#include <cstdint>
#include <memory>
#include <string>

namespace tasuki::hooks {

// Times of LibTorch's operators, autograd's functions and of ranges that the caller names, by
// thread, as a Chrome trace. Operators are recorded, of all threads, between go_on() and pause().
// One recorder at a time in a process: Error (kUsage) otherwise.
//
// Example:
//   TraceRecorder recorder(/*shapes=*/true);
//   const auto begin = TraceRecorder::now();
//   recorder.go_on();
//   torch::relu(x);
//   recorder.pause();
//   recorder.add("activation", "phase", begin, TraceRecorder::now());
//   write_file_atomically("trace.json", recorder.chrome_trace());
class TraceRecorder {
 public:
  explicit TraceRecorder(bool shapes);
  ~TraceRecorder();
  TraceRecorder(const TraceRecorder&) = delete;
  TraceRecorder& operator=(const TraceRecorder&) = delete;

  // Nanoseconds of a clock that never goes back.
  static int64_t now();

  void go_on();
  void pause();

  // A range of the calling thread.
  void add(const std::string& name, const char* category, int64_t begin, int64_t end);
  // `time`, or the end of the calling thread's operators that it lies within.
  int64_t behind_operators(int64_t time) const;

  // Times in it are microseconds since the recorder was made.
  std::string chrome_trace() const;

  struct Events;

 private:
  std::shared_ptr<Events> events_;
  at::CallbackHandle callback_;
};

}  // namespace tasuki::hooks
