#include "tasuki/step/parameter_part.h"

#include <torch/torch.h>

namespace tasuki {

ParameterPart::ParameterPart(const ParameterSpace& parameters, const Spans& spans,
                             std::vector<torch::Tensor> leaves)
    : leaves_(std::move(leaves)) {
  auto next = spans.begin();
  bool joins = false;
  for (const auto& span : parameters.segments()) {
    const bool wanted = next != spans.end() && next->begin == span.begin;
    if (wanted && joins) size_ += span.begin - ranges_.back().end;
    if (wanted && joins) ranges_.back().end = span.end;
    if (wanted && !joins) ranges_.push_back({span.begin, span.end});
    if (wanted) offsets_.push_back(size_);
    if (wanted) size_ += span.end - span.begin;
    if (wanted) ++next;
    joins = wanted;
  }
}

void ParameterPart::gather(const torch::Tensor& flat, torch::Tensor out) const {
  int64_t from = 0;
  for (const auto& [begin, end] : ranges_) {
    out.narrow(0, from, end - begin).copy_(flat.slice(0, begin, end));
    from += end - begin;
  }
}

torch::Tensor ParameterPart::gather(const torch::Tensor& flat) const {
  const auto out = torch::empty({size_}, flat.options().requires_grad(false));
  gather(flat.detach(), out);
  return out;
}

void ParameterPart::scatter(const torch::Tensor& part, const torch::Tensor& flat) const {
  int64_t from = 0;
  for (const auto& [begin, end] : ranges_) {
    flat.slice(0, begin, end).copy_(part.narrow(0, from, end - begin));
    from += end - begin;
  }
}

void ParameterPart::zero(const torch::Tensor& flat) const {
  for (const auto& [begin, end] : ranges_) flat.slice(0, begin, end).zero_();
}

void ParameterPart::scale(const torch::Tensor& flat, double factor) const {
  for (const auto& [begin, end] : ranges_) flat.slice(0, begin, end).mul_(factor);
}

torch::Tensor ParameterPart::gradient_rows(const std::vector<torch::Tensor>& losses,
                                           bool keep_graph) const {
  const auto n = int64_t(losses.size());
  if (leaves_.empty()) return torch::zeros({n, 0});
  const auto rows = torch::zeros({n, size_}, leaves_[0].options().requires_grad(false));
  for (int64_t i = 0; i < n; ++i) {
    const auto gradients =
        torch::autograd::grad({losses[size_t(i)]}, leaves_, {}, keep_graph || i + 1 < n,
                              /*create_graph=*/false, /*allow_unused=*/true);
    for (size_t k = 0; k < leaves_.size(); ++k) {
      if (!gradients[k].defined()) continue;
      // A leaf's elements lie in the flat vectors as they do in its own memory (NHWC, say).
      rows[i]
          .narrow(0, offsets_[k], leaves_[k].numel())
          .as_strided(leaves_[k].sizes(), leaves_[k].strides(),
                      rows.storage_offset() + i * size_ + offsets_[k])
          .copy_(gradients[k]);
    }
  }
  return rows;
}

}  // namespace tasuki
