#pragma once

#include <torch/types.h>

#include <vector>

#include "tasuki/config/config.pb.h"
#include "tasuki/model/objective.h"

namespace tasuki {

// Coefficients per route, so that a target with many auxiliaries does not outweigh the others.
// With n objectives on the route of objective i and S the sum of their coefficients:
//   COUNT            w_i / n       keeps the balance within and between routes
//   SUM              w_i / S       every route weighs 1; 0 where S is 0
//   MEAN_OVER_COUNT  S / n^2       all the same: the mean over the route, over n; what the
//                                  published code of SAAL (arXiv:2410.15875) does
//   NONE             w_i
// A route with one objective keeps its coefficient, but for SUM.
class RouteNormalizer {
 public:
  RouteNormalizer() = default;
  RouteNormalizer(Train::RouteNormalization mode, const std::vector<Objective>& objectives,
                  torch::Device device = torch::kCPU);

  // [n] -> [n] float64 on the device, by the objectives' order; differentiable.
  torch::Tensor operator()(const torch::Tensor& coefficients) const;

 private:
  Train::RouteNormalization mode_ = Train::NONE;
  torch::Tensor same_route_;  // [n, n] float64, 1 where two objectives have one route
  torch::Tensor count_;       // [n]
};

}  // namespace tasuki
