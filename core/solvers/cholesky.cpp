#include "tasuki/solvers/cholesky.h"

#include <limits>

namespace tasuki::solvers {
namespace {

// What of a diagonal element rounding alone leaves where nothing should be left.
constexpr double kDependent = 16 * std::numeric_limits<double>::epsilon();

}  // namespace

bool Cholesky::add(size_t i) {
  Values row;
  long double rest = a_(i, i);
  for (size_t k = 0; k < members_.size(); ++k) {
    long double value = a_(i, members_[k]);
    for (size_t m = 0; m < k; ++m) value -= static_cast<long double>(row[m]) * rows_[k][m];
    row.push_back(double(value / rows_[k][k]));
    rest -= static_cast<long double>(row[k]) * row[k];
  }
  if (!(rest > kDependent * a_(i, i))) return false;
  row.push_back(double(std::sqrt(rest)));
  rows_.push_back(std::move(row));
  members_.push_back(i);
  return true;
}

void Cholesky::remove(size_t position) {
  const std::vector<size_t> behind(members_.begin() + std::ptrdiff_t(position) + 1, members_.end());
  members_.resize(position);
  rows_.resize(position);
  for (const size_t i : behind) add(i);
}

// b by members.
Values Cholesky::substitute(const Values& b) const {
  Values x(b);
  for (size_t k = 0; k < x.size(); ++k) {
    for (size_t m = 0; m < k; ++m) x[k] -= rows_[k][m] * x[m];
    x[k] /= rows_[k][k];
  }
  for (size_t k = x.size(); k-- > 0;) {
    for (size_t m = k + 1; m < x.size(); ++m) x[k] -= rows_[m][k] * x[m];
    x[k] /= rows_[k][k];
  }
  return x;
}

Values Cholesky::solve(const Values& b) const {
  const size_t count = members_.size();
  Values right(count);
  for (size_t k = 0; k < count; ++k) right[k] = b[members_[k]];
  auto x = substitute(right);
  Values residual(count);
  for (size_t k = 0; k < count; ++k) {
    long double rest = right[k];
    for (size_t m = 0; m < count; ++m) {
      rest -= static_cast<long double>(a_(members_[k], members_[m])) * x[m];
    }
    residual[k] = double(rest);
  }
  const auto correction = substitute(residual);
  Values all(a_.size(), 0.0);
  for (size_t k = 0; k < count; ++k) all[members_[k]] = x[k] + correction[k];
  return all;
}

}  // namespace tasuki::solvers
