#include "plugins/hooks/trace_recorder.h"

#include <ATen/core/ivalue.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "tasuki/error/error.h"

namespace tasuki::hooks {

using nlohmann::json;

// Shared with the callbacks that are under way.
struct TraceRecorder::Events {
  struct Event {
    std::string name;
    const char* category;
    int64_t begin, end;
    uint64_t thread;
    json arguments;
  };

  bool shapes = false;
  int64_t origin = 0;
  uint64_t thread = 0;  // of the recorder

  mutable std::mutex mutex;  // guards the rest
  bool recording = false;
  std::vector<Event> all;

  bool is_recording() const {
    const std::lock_guard lock(mutex);
    return recording;
  }
  void add(Event event) {
    const std::lock_guard lock(mutex);
    all.push_back(std::move(event));
  }
};

namespace {

std::mutex present_mutex;
// LibTorch's callbacks are functions without data of their own.
std::shared_ptr<TraceRecorder::Events> present;

std::shared_ptr<TraceRecorder::Events> present_events() {
  const std::lock_guard lock(present_mutex);
  return present;
}

struct Begun : at::ObserverContext {
  std::shared_ptr<TraceRecorder::Events> events;
  json arguments;
  uint64_t thread = 0;
  int64_t begin = 0;
};

json sizes_of(const at::Tensor& tensor) {
  return tensor.defined() ? json(tensor.sizes().vec()) : json::array();
}

json sizes_of(const at::IValue& input) {
  if (input.isTensor()) return sizes_of(input.toTensor());
  json all = json::array();
  if (input.isTensorList()) {
    for (const at::Tensor& tensor : input.toTensorVector()) all.push_back(sizes_of(tensor));
  }
  return all;
}

std::string type_of(const at::IValue& input) {
  if (input.isTensor()) {
    return input.toTensor().defined() ? std::string(input.toTensor().dtype().name()) : "";
  }
  if (input.isTensorList()) return "TensorList";
  if (input.isIntList() || input.isDoubleList() || input.isBoolList()) return "ScalarList";
  return input.isScalar() ? "Scalar" : "";
}

// By the names that PyTorch's own profiler has for them.
json arguments_of(const at::RecordFunction& function, bool shapes) {
  json arguments = json::object();
  if (function.seqNr() >= 0) arguments["Sequence number"] = function.seqNr();
  if (!shapes) return arguments;
  auto& sizes = arguments["Input Dims"] = json::array();
  auto& types = arguments["Input type"] = json::array();
  for (const auto& input : function.inputs()) {
    sizes.push_back(sizes_of(input));
    types.push_back(type_of(input));
  }
  return arguments;
}

std::unique_ptr<at::ObserverContext> begin_function(const at::RecordFunction& function) {
  auto events = present_events();
  if (!events || !events->is_recording()) return nullptr;
  auto begun = std::make_unique<Begun>();
  begun->arguments = arguments_of(function, events->shapes);
  begun->events = std::move(events);
  begun->thread = at::RecordFunction::currentThreadId();
  begun->begin = TraceRecorder::now();
  return begun;
}

void end_function(const at::RecordFunction& function, at::ObserverContext* context) {
  auto* begun = static_cast<Begun*>(context);
  if (begun == nullptr) return;
  const bool backward = function.scope() == at::RecordScope::BACKWARD_FUNCTION;
  begun->events->add({function.name(), backward ? "autograd" : "cpu_op", begun->begin,
                      TraceRecorder::now(), begun->thread, std::move(begun->arguments)});
}

json thread_name(uint64_t thread, const std::string& name) {
  return {{"ph", "M"},
          {"name", "thread_name"},
          {"pid", ::getpid()},
          {"tid", thread},
          {"args", {{"name", name}}}};
}

}  // namespace

TraceRecorder::TraceRecorder(bool shapes) : events_(std::make_shared<Events>()) {
  events_->shapes = shapes;
  events_->origin = now();
  events_->thread = at::RecordFunction::currentThreadId();
  {
    const std::lock_guard lock(present_mutex);
    if (present) {
      throw Error(ErrorKind::kUsage,
                  "operators are being recorded already; keep one hook [tasuki/Profiler]");
    }
    present = events_;
  }
  callback_ = at::addGlobalCallback(
      at::RecordFunctionCallback(begin_function, end_function)
          .needsInputs(shapes)
          .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION,
                   at::RecordScope::USER_SCOPE}));
}

TraceRecorder::~TraceRecorder() {
  at::removeCallback(callback_);
  const std::lock_guard lock(present_mutex);
  present = nullptr;
}

int64_t TraceRecorder::now() {
  const auto time = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
}

void TraceRecorder::go_on() {
  const std::lock_guard lock(events_->mutex);
  events_->recording = true;
}

void TraceRecorder::pause() {
  const std::lock_guard lock(events_->mutex);
  events_->recording = false;
}

void TraceRecorder::add(const std::string& name, const char* category, int64_t begin, int64_t end) {
  events_->add({name, category, begin, end, at::RecordFunction::currentThreadId(), json::object()});
}

int64_t TraceRecorder::behind_operators(int64_t time) const {
  const std::lock_guard lock(events_->mutex);
  const auto thread = at::RecordFunction::currentThreadId();
  int64_t behind = time;
  for (const auto& event : events_->all) {
    if (event.thread != thread || event.begin >= time || event.end <= time) continue;
    behind = std::max(behind, event.end);
  }
  return behind;
}

std::string TraceRecorder::chrome_trace() const {
  const std::lock_guard lock(events_->mutex);
  const auto microseconds = [](int64_t nanoseconds) { return double(nanoseconds) / 1000; };
  std::set<uint64_t> threads = {events_->thread};
  std::string out = "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n";
  for (const auto& event : events_->all) {
    threads.insert(event.thread);
    const nlohmann::json line = {{"ph", "X"},
                                 {"name", event.name},
                                 {"cat", event.category},
                                 {"ts", microseconds(event.begin - events_->origin)},
                                 {"dur", microseconds(event.end - event.begin)},
                                 {"pid", ::getpid()},
                                 {"tid", event.thread},
                                 {"args", event.arguments}};
    out += line.dump() + ",\n";
  }
  for (const auto thread : threads) {
    const bool own = thread == events_->thread;
    out += thread_name(thread, own ? "training" : "thread " + std::to_string(thread)).dump();
    out += thread == *threads.rbegin() ? "\n" : ",\n";
  }
  return out + "]}\n";
}

}  // namespace tasuki::hooks
