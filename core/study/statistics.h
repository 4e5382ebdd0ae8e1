#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace tasuki {

// Mean and sample standard deviation (n - 1) of the values of several seeds.
struct Spread {
  double mean = 0;       // NaN of no values, or where a value is
  double deviation = 0;  // 0 with one value
  size_t count = 0;
};
Spread spread_of(const std::vector<double>& values);

// Seeds from which a test says anything at all.
inline constexpr size_t kLeastSeedsForTest = 3;

// Student's paired t test over seeds, from the differences d_k of each seed's pair of runs:
// t = (mean(d) - reference) / (std(d) / sqrt(n)) with n - 1 degrees of freedom. The two runs of a
// pair share their seed, and so initial weights, order and augmentation.
struct PairedTest {
  double t = 0;
  double two_sided = 1;  // p of "the mean is the reference"
  double greater = 1;    // p of "the mean is not above the reference"
};

// Nothing with fewer than three differences, or where one is not finite. Differences that are all
// the same have no spread: t is infinite then (p 0 or 1), or 0 where they are the reference.
std::optional<PairedTest> paired_test(const std::vector<double>& differences, double reference = 0);

// Spearman's rank correlation of two lists of one length, ties sharing their mean rank; NaN with
// fewer than two values or where a list has one value only. -1..1.
double rank_correlation(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace tasuki
