#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "plugins/weightings/cagrad.pb.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

using Values = std::vector<double>;

constexpr double kSmoothing = 1e-8;  // of squared norms, of the largest one
constexpr double kTolerance = 1e-11;
constexpr int kMostSteps = 100000;  // gradients in general position take about a hundred

double dot(const Values& a, const Values& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// The dual problem for the Gramian A of n gradients, divided by the largest squared norm:
//   min_w F(w) = w' A b + s sqrt(w' A w + e) over the simplex;  b = (1/n, ..., 1/n), s = c |g_0|.
// F's derivative by w_i is g_i . d for the direction d that belongs to w, so that the optimality
// condition speaks of d itself, and every w on the way keeps |d - g_0| <= s.
//
// Weight moves from the objective with the largest derivative to the one with the smallest, by the
// exact minimum on that line, until even moving all of it to the smallest would gain nothing.
class Dual {
 public:
  Dual(const torch::Tensor& gram, double c) : n_(size_t(gram.size(0))) {
    const auto inner = gram.accessor<double, 2>();
    double largest = 0;
    for (int64_t i = 0; i < gram.size(0); ++i) largest = std::max(largest, inner[i][i]);
    const double scale = largest > 0 ? 1 / largest : 1;
    for (int64_t i = 0; i < gram.size(0); ++i) {
      gram_.emplace_back(n_);
      for (int64_t j = 0; j < gram.size(0); ++j) gram_.back()[size_t(j)] = inner[i][j] * scale;
    }
    weights_.assign(n_, 1.0 / double(n_));
    for (const auto& row : gram_) mean_.push_back(dot(row, weights_));
    product_ = mean_;
    radius_ = c * std::sqrt(std::max(dot(weights_, mean_), 0.0));
    for (int steps = 0; steps < kMostSteps && step(); ++steps) {
    }
  }

  // d as coefficients of the gradients.
  Values direction() const {
    const double length = radius_ / smoothed_norm();
    Values coefficients;
    for (const double weight : weights_) coefficients.push_back(1.0 / double(n_) + length * weight);
    return coefficients;
  }

 private:
  double squared_norm() const { return std::max(dot(weights_, product_), 0.0); }
  double smoothed_norm() const { return std::sqrt(squared_norm() + kSmoothing); }

  Values derivatives() const {
    const double length = radius_ / smoothed_norm();
    Values values;
    for (size_t i = 0; i < n_; ++i) values.push_back(mean_[i] + length * product_[i]);
    return values;
  }

  // The t that minimises F(w + t (e_to - e_from)), at most all that `from` has. On the line F is
  // a t + s sqrt(q t^2 + 2 p t + r), a straight line and a branch of a hyperbola.
  double best_move(size_t from, size_t to) const {
    const double slope = mean_[to] - mean_[from];
    const double p = product_[to] - product_[from];
    const double q = gram_[to][to] - 2 * gram_[to][from] + gram_[from][from];
    const double steepest = radius_ * std::sqrt(std::max(q, 0.0));
    if (std::abs(slope) >= steepest) return weights_[from];
    const double ratio = slope / steepest;
    const double least = std::max(q * (squared_norm() + kSmoothing) - p * p, 0.0);
    const double vertex = -ratio * std::sqrt(least / (1 - ratio * ratio));
    return std::clamp((vertex - p) / q, 0.0, weights_[from]);
  }

  // False where nothing is left to gain.
  bool step() {
    const auto values = derivatives();
    const size_t to = size_t(std::min_element(values.begin(), values.end()) - values.begin());
    size_t from = to;
    for (size_t i = 0; i < n_; ++i) {
      if (weights_[i] > 0 && values[i] > values[from]) from = i;
    }
    const double gain = dot(weights_, values) - values[to];
    if (from == to || !(gain > kTolerance)) return false;
    const double move = best_move(from, to);
    weights_[to] += move;
    weights_[from] = move == weights_[from] ? 0 : weights_[from] - move;
    for (size_t i = 0; i < n_; ++i) product_[i] += move * (gram_[i][to] - gram_[i][from]);
    return move > 0;
  }

  size_t n_;
  std::vector<Values> gram_;  // A
  Values mean_;               // A b
  double radius_ = 0;         // s
  Values weights_;            // w
  Values product_;            // A w
};

class CAGrad : public GramianWeighting {
 public:
  explicit CAGrad(const options::CAGrad& options) : c_(options.c()) {
    const auto rescale = options.rescale();
    divisor_ = rescale == 0 ? 1 : rescale == 1 ? 1 + c_ * c_ : 1 + c_;
  }

  torch::Tensor weigh(const torch::Tensor& gramian, Draws&) override {
    auto coefficients = Dual(gramian, c_).direction();
    for (double& value : coefficients) value *= double(gramian.size(0)) / divisor_;
    return torch::tensor(coefficients, torch::kFloat64);
  }

 private:
  double c_;
  double divisor_ = 1;
};

}  // namespace

TASUKI_REGISTER(Weighting, CAGrad, options::CAGrad, "tasuki/CAGrad");

}  // namespace tasuki::weightings
