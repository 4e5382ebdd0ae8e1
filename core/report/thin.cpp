#include "tasuki/report/thin.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace tasuki::report {

std::vector<Point> thin(const std::vector<Point>& line, size_t buckets) {
  if (line.size() <= 4 * buckets) return line;
  const auto lower = [](const Point& a, const Point& b) { return a.y < b.y; };
  std::vector<Point> kept;
  kept.reserve(4 * buckets);
  for (size_t bucket = 0; bucket < buckets; ++bucket) {
    const auto begin = line.begin() + std::ptrdiff_t(bucket * line.size() / buckets);
    const auto end = line.begin() + std::ptrdiff_t((bucket + 1) * line.size() / buckets);
    const auto [lowest, highest] = std::minmax_element(begin, end, lower);
    std::array chosen = {begin, lowest, highest, end - 1};
    std::sort(chosen.begin(), chosen.end());
    const auto last = std::unique(chosen.begin(), chosen.end());
    std::for_each(chosen.begin(), last, [&](auto point) { kept.push_back(*point); });
  }
  return kept;
}

bool is_noisy(const std::vector<Point>& line) {
  if (line.size() < 2) return false;
  double variation = 0;
  double low = line[0].y;
  double high = low;
  for (size_t i = 1; i < line.size(); ++i) {
    variation += std::abs(line[i].y - line[i - 1].y);
    low = std::min(low, line[i].y);
    high = std::max(high, line[i].y);
  }
  return variation > 20 * (high - low);
}

std::vector<Point> running_mean(const std::vector<Point>& line, size_t window) {
  std::vector<double> sums = {0};
  for (const auto& point : line) sums.push_back(sums.back() + point.y);
  const size_t side = (window - 1) / 2;
  std::vector<Point> means;
  for (size_t i = 0; i < line.size(); ++i) {
    const size_t begin = i - std::min(side, i);
    const size_t end = std::min(line.size(), i + side + 1);
    means.push_back({line[i].x, (sums[end] - sums[begin]) / double(end - begin)});
  }
  return means;
}

}  // namespace tasuki::report
