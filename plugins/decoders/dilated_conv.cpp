#include "plugins/decoders/dilated_conv.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <torch/autograd.h>
#include <torch/version.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "plugins/decoders/transpose.h"

namespace tasuki::decoders {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

struct Plan {
  std::vector<int64_t> rates;
  std::vector<ConvShortcuts> shortcuts;
};

bool is_pointwise(const Tensor& kernel) {
  return kernel.size(2) == 1;
}

// A matrix copy that autograd can follow where it listens (second derivatives).
void copy_matrix(const Tensor& from, const Tensor& to) {
  if (at::GradMode::is_enabled()) {
    to.copy_(from);
  } else {
    copy_transposed(from, to);
  }
}

// [N, C, H, W] -> [C, N, H, W], contiguous.
Tensor channels_first(const Tensor& map) {
  const auto pixels = map.contiguous(kChannelsLast).permute({0, 2, 3, 1});
  auto result = torch::empty({map.size(1), map.size(0), map.size(2), map.size(3)}, map.options());
  copy_matrix(pixels.reshape({-1, map.size(1)}).t(), result.view({map.size(1), -1}));
  return result;
}

// a [R, P] times b [S, P] transposed -> [R, S], as a 1x1 convolution: LibTorch's matrix product is
// only as good as the BLAS it is linked to (Debian's default: fifty times slower).
Tensor product(const Tensor& a, const Tensor& b) {
  const int64_t rows = a.size(0), inner = a.size(1), columns = b.size(0);
  const auto image = a.view({1, rows, 1, inner}).permute({0, 3, 1, 2});
  const auto kernel = b.view({columns, inner, 1, 1});
  // With one thread LibTorch would hand a 1x1 convolution of a small batch to that same BLAS.
  const bool direct = at::get_num_threads() == 1 && a.scalar_type() == torch::kFloat &&
                      a.is_cpu() && at::globalContext().hasMKLDNN();
  const auto result = direct ? at::mkldnn_convolution(image, kernel, {}, {0, 0}, {1, 1}, {1, 1}, 1)
                             : at::conv2d(image, kernel);
  return result.permute({0, 2, 3, 1}).reshape({rows, columns});
}

// [K, C, 3, 3] -> [C, K, 3, 3], turned by 180 degrees.
Tensor turned(const Tensor& kernel) {
  auto result =
      torch::empty({kernel.size(1), kernel.size(0), 3, 3}, kernel.options(), kChannelsLast);
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t j = 0; j < 3; ++j) {
      copy_matrix(kernel.select(3, 2 - j).select(2, 2 - i).t(), result.select(3, j).select(2, i));
    }
  }
  return result;
}

// In place where autograd does not listen: these are the largest tensors of a step.
Tensor sum(const Tensor& total, const Tensor& part) {
  if (!total.defined()) return part;
  return at::GradMode::is_enabled() ? total + part : total.add_(part);
}

// The gradients that LibTorch computes itself: of the map, of the kernel, or both.
std::array<Tensor, 2> plain_gradients(const Tensor& gradient, const Tensor& map,
                                      const Tensor& kernel, int64_t rate, bool of_map,
                                      bool of_kernel) {
  const int64_t padding = is_pointwise(kernel) ? 0 : rate;
  const auto result =
      at::convolution_backward(gradient, map, kernel, c10::nullopt, {1, 1}, {padding, padding},
                               {rate, rate}, false, {0, 0}, 1, {of_map, of_kernel, false});
  return {std::get<0>(result), std::get<1>(result)};
}

// Gradients of kernels, each tap by itself. All tensors are [C or K, N, H, W].
class TapGradients {
 public:
  explicit TapGradients(const Tensor& map) : map_(channels_first(map)) {}

  // Registers a kernel; its middle tap waits for finish().
  Tensor add(const Tensor& kernel, const Tensor& gradient, int64_t rate) {
    auto result = torch::zeros_like(kernel);
    const auto rows = channels_first(gradient);
    middles_.push_back({result, rows.view({rows.size(0), -1})});
    for (int64_t i = 0; i < kernel.size(2); ++i) {
      for (int64_t j = 0; j < kernel.size(3); ++j) {
        if (kernel.size(2) == 3 && (i != 1 || j != 1)) {
          add_tap(rows, (i - 1) * rate, (j - 1) * rate, result.select(3, j).select(2, i));
        }
      }
    }
    return result;
  }

  void finish() {
    std::vector<Tensor> rows;
    for (const auto& middle : middles_) rows.push_back(middle.rows);
    const auto all = product(map_.view({map_.size(0), -1}), torch::cat(rows));
    int64_t column = 0;
    for (const auto& [kernel, part] : middles_) {
      const int64_t middle = kernel.size(2) / 2;
      copy_matrix(all.narrow(1, column, part.size(0)).t(),
                  kernel.select(3, middle).select(2, middle));
      column += part.size(0);
    }
  }

 private:
  struct Middle {
    Tensor kernel;
    Tensor rows;  // of the output's gradient
  };

  // Output pixel p takes map pixel p + (down, right).
  void add_tap(const Tensor& gradient, int64_t down, int64_t right, const Tensor& tap) {
    const int64_t height = map_.size(2) - std::abs(down), width = map_.size(3) - std::abs(right);
    if (height <= 0 || width <= 0) return;
    const auto part = [&](const Tensor& t, int64_t top, int64_t left) {
      return t.narrow(2, std::max<int64_t>(top, 0), height)
          .narrow(3, std::max<int64_t>(left, 0), width)
          .reshape({t.size(0), -1});
    };
    copy_matrix(product(part(map_, down, right), part(gradient, -down, -right)).t(), tap);
  }

  Tensor map_;
  std::vector<Middle> middles_;
};

variable_list plain_convs(const Tensor& map, at::TensorList kernels,
                          const std::vector<int64_t>& rates) {
  variable_list outputs;
  for (size_t i = 0; i < kernels.size(); ++i) {
    const int64_t padding = is_pointwise(kernels[i]) ? 0 : rates[i];
    outputs.push_back(at::conv2d(map, kernels[i], {}, 1, padding, rates[i]));
  }
  return outputs;
}

class DilatedConvs : public torch::autograd::Function<DilatedConvs> {
 public:
  static variable_list forward(AutogradContext* context, const Tensor& map, at::TensorList kernels,
                               const Plan& plan) {
    variable_list saved{map};
    saved.insert(saved.end(), kernels.begin(), kernels.end());
    context->save_for_backward(saved);
    context->saved_data["rates"] = plan.rates;
    std::vector<int64_t> of_map, of_kernel;
    for (const auto& shortcut : plan.shortcuts) {
      of_map.push_back(shortcut.map_gradient);
      of_kernel.push_back(shortcut.kernel_gradient);
    }
    context->saved_data["of_map"] = of_map;
    context->saved_data["of_kernel"] = of_kernel;
    return plain_convs(map, kernels, plan.rates);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto rates = context->saved_data["rates"].toIntVector();
    const auto of_map = context->saved_data["of_map"].toIntVector();
    const auto of_kernel = context->saved_data["of_kernel"].toIntVector();
    const bool by_taps = std::find(of_kernel.begin(), of_kernel.end(), 1) != of_kernel.end();
    variable_list result(saved.size() + 1);
    const Tensor& map = saved[0];
    for (size_t i = 0; i < gradients.size(); ++i) {
      const auto& kernel = saved[i + 1];
      gradients[i] = gradients[i].contiguous(kChannelsLast);
      const bool plain_kernel = !of_kernel[i] && !(by_taps && is_pointwise(kernel));
      Tensor part;
      if (!of_map[i] || plain_kernel) {
        auto plain = plain_gradients(gradients[i], map, kernel, rates[i], !of_map[i], plain_kernel);
        part = plain[0];
        result[i + 1] = plain[1];
      }
      if (of_map[i]) part = at::conv2d(gradients[i], turned(kernel), {}, 1, rates[i], rates[i]);
      result[0] = sum(result[0], part);
    }
    if (by_taps) {
      TapGradients taps(map);
      for (size_t i = 0; i < gradients.size(); ++i) {
        if (!result[i + 1].defined())
          result[i + 1] = taps.add(saved[i + 1], gradients[i], rates[i]);
      }
      taps.finish();
    }
    return result;
  }
};

}  // namespace

double useful_part(int64_t height, int64_t width, int64_t rate) {
  const auto along = [rate](int64_t size) {
    return static_cast<double>(size + 2 * std::max<int64_t>(size - rate, 0)) /
           static_cast<double>(3 * size);
  };
  return along(height) * along(width);
}

ConvShortcuts choose_shortcuts(const Tensor& map, int64_t rate) {
  const auto type = conv_type(map);
  if (!map.is_cpu() || (type != torch::kFloat && type != torch::kBFloat16)) return {};
  const bool single = type == torch::kFloat;
  const double useful = useful_part(map.size(2), map.size(3), rate);
  const bool many_pixels = map.size(0) * map.size(2) * map.size(3) >= 2048;
  const bool many_channels = map.size(1) >= 1024;
  return {many_pixels && (single || useful < 0.8),
          useful < (single && !many_channels ? 0.6 : 0.85)};
}

torch::ScalarType conv_type(const Tensor& map) {
  if (map.scalar_type() != torch::kFloat) return map.scalar_type();
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  const auto device = map.device().type();
  if (at::autocast::is_autocast_enabled(device)) return at::autocast::get_autocast_dtype(device);
#else
  if (map.is_cpu() && at::autocast::is_cpu_enabled()) return at::autocast::get_autocast_cpu_dtype();
  if (map.is_cuda() && at::autocast::is_enabled()) return at::autocast::get_autocast_gpu_dtype();
#endif
  return map.scalar_type();
}

std::vector<Tensor> dilated_convs(const Tensor& map, const std::vector<Tensor>& kernels,
                                  const std::vector<int64_t>& rates,
                                  const std::vector<ConvShortcuts>& shortcuts) {
  const bool plain = std::all_of(shortcuts.begin(), shortcuts.end(), [](const ConvShortcuts& s) {
    return !s.map_gradient && !s.kernel_gradient;
  });
  if (plain || !at::GradMode::is_enabled()) return plain_convs(map, kernels, rates);
  const auto type = conv_type(map);
  std::vector<Tensor> cast;
  for (const auto& kernel : kernels) cast.push_back(kernel.to(type));
  return DilatedConvs::apply(map.to(type).contiguous(kChannelsLast), at::TensorList(cast),
                             Plan{rates, shortcuts});
}

std::vector<Tensor> dilated_convs(const Tensor& map, const std::vector<Tensor>& kernels,
                                  const std::vector<int64_t>& rates) {
  std::vector<ConvShortcuts> shortcuts;
  for (size_t i = 0; i < kernels.size(); ++i) {
    shortcuts.push_back(is_pointwise(kernels[i]) ? ConvShortcuts{}
                                                 : choose_shortcuts(map, rates[i]));
  }
  return dilated_convs(map, kernels, rates, shortcuts);
}

}  // namespace tasuki::decoders
