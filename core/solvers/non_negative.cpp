#include "tasuki/solvers/non_negative.h"

#include <limits>

#include "tasuki/solvers/cholesky.h"

namespace tasuki::solvers {
namespace {

// Rounding errors of a gradient's element, relative to the sum of its terms' sizes.
constexpr double kRounding = 32 * std::numeric_limits<double>::epsilon();

class ActiveSet {
 public:
  ActiveSet(const Matrix& a, const Values& b)
      : a_(a), b_(b), factor_(a), x_(a.size(), 0.0), refused_(a.size(), false) {}

  NonNegative solve() {
    // Every round takes an element in; in exact arithmetic no set comes twice.
    for (size_t round = 0; round < 20 * a_.size() + 20; ++round) {
      const size_t entering = pick();
      if (entering == a_.size()) return {x_, true};
      if (!factor_.add(entering)) {
        if (!go_along_ray(entering)) return {x_, false};
        if (!factor_.add(entering)) refused_[entering] = true;
      }
      go_to_minimum(entering);
    }
    return {x_, false};
  }

 private:
  bool is_member(size_t i) const {
    for (const size_t member : factor_.members()) {
      if (member == i) return true;
    }
    return false;
  }

  // The element outside the set along which the objective falls fastest; n where it falls along
  // none.
  size_t pick() const {
    size_t best = a_.size();
    double steepest = 0;
    for (size_t i = 0; i < a_.size(); ++i) {
      if (refused_[i] || is_member(i)) continue;
      long double fall = b_[i];
      double terms = std::abs(b_[i]);
      for (size_t j = 0; j < a_.size(); ++j) {
        fall -= static_cast<long double>(a_(i, j)) * x_[j];
        terms += std::abs(a_(i, j) * x_[j]);
      }
      if (double(fall) <= kRounding * terms || double(fall) <= steepest) continue;
      steepest = double(fall);
      best = i;
    }
    return best;
  }

  // Raises x_i, whose row is a combination of the set's, and takes that combination out of the
  // others, until the first of these is zero and leaves. False where none ever is.
  bool go_along_ray(size_t i) {
    Values column(a_.size());
    for (size_t j = 0; j < a_.size(); ++j) column[j] = a_(j, i);
    const auto combination = factor_.solve(column);
    const auto& members = factor_.members();
    size_t leaving = members.size();
    double length = 0;
    for (size_t k = 0; k < members.size(); ++k) {
      const double share = combination[members[k]];
      if (!(share > kRounding)) continue;
      const double reach = x_[members[k]] / share;
      if (leaving != members.size() && reach >= length) continue;
      leaving = k;
      length = reach;
    }
    if (leaving == members.size()) return false;
    for (const size_t j : members) x_[j] = std::fmax(x_[j] - length * combination[j], 0.0);
    x_[i] = length;
    x_[members[leaving]] = 0;
    factor_.remove(leaving);
    return true;
  }

  // To the minimum over the set's elements, leaving out those that get to zero on the way.
  void go_to_minimum(size_t entered) {
    while (!factor_.members().empty()) {
      const auto target = factor_.solve(b_);
      const auto& members = factor_.members();
      size_t leaving = members.size();
      double length = 1;
      for (size_t k = 0; k < members.size(); ++k) {
        const size_t i = members[k];
        if (target[i] > 0) continue;
        const double reach = x_[i] > 0 ? x_[i] / (x_[i] - target[i]) : 0;
        if (leaving != members.size() && reach >= length) continue;
        leaving = k;
        length = reach;
      }
      if (leaving == members.size()) {
        x_ = target;
        refused_.assign(a_.size(), false);
        return;
      }
      for (const size_t i : members) x_[i] += length * (target[i] - x_[i]);
      const size_t left = members[leaving];
      x_[left] = 0;
      // By rounding alone: it would come back at once.
      if (left == entered) refused_[left] = true;
      factor_.remove(leaving);
    }
  }

  const Matrix& a_;
  const Values& b_;
  Cholesky factor_;
  Values x_;
  std::vector<bool> refused_;
};

}  // namespace

NonNegative solve_non_negative(const Matrix& a, const Values& b) {
  return ActiveSet(a, b).solve();
}

}  // namespace tasuki::solvers
