#include "plugins/weightings/rows/row_values.h"

#include <torch/torch.h>

#include "tasuki/step/gradient_rows.h"

namespace tasuki::weightings {

bool all_finite(const torch::Tensor& rows, const torch::Tensor& losses) {
  auto finite = losses.isfinite().all();
  for_each_block(rows.size(1), [&](int64_t begin, int64_t end) {
    finite = finite.logical_and(rows.slice(1, begin, end).isfinite().all().to(finite.device()));
  });
  return finite.item<bool>();
}

torch::Tensor row_norms(const std::vector<torch::Tensor>& rows) {
  std::vector<torch::Tensor> squares;
  for (const auto& row : rows) {
    auto sum = torch::zeros({}, row.options().dtype(torch::kFloat64));
    for_each_block(row.numel(), [&](int64_t begin, int64_t end) {
      const auto block = row.slice(0, begin, end).to(torch::kFloat64);
      sum += block.dot(block);
    });
    squares.push_back(sum);
  }
  return torch::stack(squares).sqrt().to(torch::kCPU);
}

torch::Tensor row_norms(const torch::Tensor& rows) {
  return row_norms(rows.unbind(0));
}

torch::Tensor inner_products(const std::vector<torch::Tensor>& rows) {
  const auto n = int64_t(rows.size());
  auto products = torch::zeros({n, n}, rows[0].options().dtype(torch::kFloat64));
  for_each_block(rows[0].numel(), [&](int64_t begin, int64_t end) {
    std::vector<torch::Tensor> parts;
    for (const auto& row : rows) parts.push_back(row.slice(0, begin, end));
    const auto block = torch::stack(parts).to(torch::kFloat64);
    products.addmm_(block, block.t());
  });
  return products.to(torch::kCPU);
}

torch::Tensor inner_products(const torch::Tensor& a, const torch::Tensor& b) {
  auto products = torch::zeros({a.size(0), b.size(0)}, a.options().dtype(torch::kFloat64));
  for_each_block(a.size(1), [&](int64_t begin, int64_t end) {
    products.addmm_(a.slice(1, begin, end).to(torch::kFloat64),
                    b.slice(1, begin, end).to(torch::kFloat64).t());
  });
  return products.to(torch::kCPU);
}

torch::Tensor weigh_vectors(const std::vector<torch::Tensor>& rows, const torch::Tensor& weights) {
  const auto factors = weights.accessor<double, 1>();
  auto sum = torch::zeros_like(rows[0]);
  for (size_t i = 0; i < rows.size(); ++i) sum.add_(rows[i], factors[int64_t(i)]);
  return sum;
}

}  // namespace tasuki::weightings
