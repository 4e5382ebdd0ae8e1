#pragma once

#include <torch/types.h>

#include <vector>

namespace tasuki::weightings {

// Whether all numbers of the tensors are finite; waits for their device.
bool all_finite(const torch::Tensor& rows, const torch::Tensor& losses);
// L2 norms of the rows, [n] float64 on the CPU, computed in float64. Of a [n, P] tensor, or of
// vectors of one size.
torch::Tensor row_norms(const torch::Tensor& rows);
torch::Tensor row_norms(const std::vector<torch::Tensor>& rows);
// Their inner products, [n, n] float64 on the CPU, computed in float64.
torch::Tensor inner_products(const std::vector<torch::Tensor>& rows);
// The products of two sets of rows, [n, m]: of a_i and b_j.
torch::Tensor inner_products(const torch::Tensor& a, const torch::Tensor& b);
// sum_i weights[i] rows[i]; `weights` on the CPU.
torch::Tensor weigh_vectors(const std::vector<torch::Tensor>& rows, const torch::Tensor& weights);

}  // namespace tasuki::weightings
