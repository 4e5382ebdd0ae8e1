#include "tasuki/model/coefficient.h"

#include <algorithm>
#include <cmath>

namespace tasuki {

double CoefficientSchedule::at(int64_t epoch) const {
  if (drop_after && epoch >= *drop_after) return 0;
  double coefficient = value;
  if (epoch < warmup_epochs) coefficient *= double(epoch + 1) / double(warmup_epochs + 1);
  if (decay == Decay::kNone) return coefficient;
  const double length = double(std::max<int64_t>(decay_to - decay_from, 1));
  const double way = std::clamp(double(epoch - decay_from) / length, 0.0, 1.0);
  if (way == 1) return 0;
  return coefficient * (decay == Decay::kLinear ? 1 - way : (1 + std::cos(M_PI * way)) / 2);
}

}  // namespace tasuki
