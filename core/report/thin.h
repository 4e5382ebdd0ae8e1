#pragma once

#include <cstddef>
#include <vector>

namespace tasuki::report {

struct Point {
  double x = 0;
  double y = 0;
  bool operator==(const Point&) const = default;
};

// A line of many points with few that look the same: of each of `buckets` stretches of equally many
// points the first, the lowest, the highest and the last, in their order. Peaks so survive,
// which a mean or every n-th point would lose. Lines of at most 4 * buckets points stay as they
// are.
std::vector<Point> thin(const std::vector<Point>& line, size_t buckets);

// Whether a line goes up and down so much that its course is hard to see: its total variation is
// more than 20 times its range.
bool is_noisy(const std::vector<Point>& line);

// The mean of y over `window` points around each point (fewer near the ends, as many on both
// sides). window >= 1.
std::vector<Point> running_mean(const std::vector<Point>& line, size_t window);

}  // namespace tasuki::report
