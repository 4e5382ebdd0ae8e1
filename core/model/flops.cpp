#include "tasuki/model/flops.h"

#include <torch/types.h>

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace tasuki {
namespace {

// Callbacks are plain functions, and a backward pass may run on a thread of its own.
std::mutex mutex;
std::map<std::string, int64_t> multiply_adds;
thread_local std::vector<std::string> scopes;

void add(int64_t count) {
  const std::lock_guard lock(mutex);
  multiply_adds[scopes.empty() ? "" : scopes.back()] += count;
}

using Values = c10::ArrayRef<const c10::IValue>;

// [batch..., n, k] x [..., k, m]
int64_t of_product(const torch::Tensor& left, const torch::Tensor& right) {
  return left.numel() * right.size(-1);
}

// Multiply-adds of a convolution for each element of its output, or of its input where it is
// transposed.
int64_t per_element(const torch::Tensor& weight) {
  return weight.size(0) == 0 ? 0 : weight.numel() / weight.size(0);
}

// Inputs: grad_output, input, weight, bias_sizes, stride, padding, dilation, transposed,
// output_padding, groups, output_mask (of input, weight, bias).
int64_t of_convolution_backward(Values inputs) {
  const auto mask = inputs[10].toBoolList();
  const int64_t passes = int64_t(bool(mask.get(0))) + int64_t(bool(mask.get(1)));
  const auto& side = inputs[inputs[7].toBool() ? 1 : 0].toTensor();
  return passes * side.numel() * per_element(inputs[2].toTensor());
}

// What is left to do when a function returns.
struct Pending : at::ObserverContext {
  virtual void finish(const at::RecordFunction& function) = 0;
};

struct Convolution : Pending {
  explicit Convolution(int64_t factor) : factor(factor) {}
  void finish(const at::RecordFunction& function) override {
    add(factor * function.outputs().at(0).toTensor().numel());
  }
  int64_t factor;
};

struct Scope : Pending {
  explicit Scope(const std::string& name) { scopes.push_back(name); }
  void finish(const at::RecordFunction&) override { scopes.pop_back(); }
};

std::unique_ptr<at::ObserverContext> before(const at::RecordFunction& function) {
  const std::string name = function.name();
  if (function.scope() == at::RecordScope::USER_SCOPE) return std::make_unique<Scope>(name);
  const auto inputs = function.inputs();
  if (name == "aten::convolution") {
    // input, weight, bias, stride, padding, dilation, transposed, output_padding, groups
    const auto factor = per_element(inputs[1].toTensor());
    if (!inputs[6].toBool()) return std::make_unique<Convolution>(factor);
    add(inputs[0].toTensor().numel() * factor);
  } else if (name == "aten::convolution_backward") {
    add(of_convolution_backward(inputs));
  } else if (name == "aten::mm" || name == "aten::bmm") {
    add(of_product(inputs[0].toTensor(), inputs[1].toTensor()));
  } else if (name == "aten::addmm" || name == "aten::baddbmm") {
    add(of_product(inputs[1].toTensor(), inputs[2].toTensor()));
  }
  return nullptr;
}

void after(const at::RecordFunction& function, at::ObserverContext* context) {
  if (context != nullptr) static_cast<Pending*>(context)->finish(function);
}

}  // namespace

FlopCounter::FlopCounter()
    : handle_(at::addThreadLocalCallback(
          at::RecordFunctionCallback(&before, &after)
              .needsInputs(true)
              .needsOutputs(true)
              .scopes({at::RecordScope::FUNCTION, at::RecordScope::USER_SCOPE}))) {
  take();
}

FlopCounter::~FlopCounter() {
  at::removeCallback(handle_);
}

std::map<std::string, int64_t> FlopCounter::take() {
  const std::lock_guard lock(mutex);
  auto flops = std::exchange(multiply_adds, {});
  for (auto& item : flops) item.second *= 2;
  return flops;
}

int64_t total(const std::map<std::string, int64_t>& flops) {
  int64_t sum = 0;
  for (const auto& item : flops) sum += item.second;
  return sum;
}

}  // namespace tasuki
