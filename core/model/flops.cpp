#include "core/model/flops.h"

#include <torch/types.h>

#include <atomic>
#include <memory>
#include <string>

namespace tasuki {
namespace {

// Callbacks are plain functions, and a backward pass may run on a thread of its own.
std::atomic<int64_t> multiply_adds{0};

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

// What is left to count when the output is there.
struct Pending : at::ObserverContext {
  explicit Pending(int64_t factor) : factor(factor) {}
  int64_t factor;
};

std::unique_ptr<at::ObserverContext> before(const at::RecordFunction& function) {
  const std::string name = function.name();
  const auto inputs = function.inputs();
  if (name == "aten::convolution") {
    // input, weight, bias, stride, padding, dilation, transposed, output_padding, groups
    const auto factor = per_element(inputs[1].toTensor());
    if (!inputs[6].toBool()) return std::make_unique<Pending>(factor);
    multiply_adds += inputs[0].toTensor().numel() * factor;
  } else if (name == "aten::convolution_backward") {
    multiply_adds += of_convolution_backward(inputs);
  } else if (name == "aten::mm" || name == "aten::bmm") {
    multiply_adds += of_product(inputs[0].toTensor(), inputs[1].toTensor());
  } else if (name == "aten::addmm" || name == "aten::baddbmm") {
    multiply_adds += of_product(inputs[1].toTensor(), inputs[2].toTensor());
  }
  return nullptr;
}

void after(const at::RecordFunction& function, at::ObserverContext* context) {
  if (context == nullptr) return;
  multiply_adds +=
      static_cast<Pending*>(context)->factor * function.outputs().at(0).toTensor().numel();
}

}  // namespace

FlopCounter::FlopCounter()
    : handle_(at::addThreadLocalCallback(at::RecordFunctionCallback(&before, &after)
                                             .needsInputs(true)
                                             .needsOutputs(true)
                                             .scopes({at::RecordScope::FUNCTION}))) {
  multiply_adds = 0;
}

FlopCounter::~FlopCounter() {
  at::removeCallback(handle_);
}

int64_t FlopCounter::take() {
  return 2 * multiply_adds.exchange(0);
}

}  // namespace tasuki
