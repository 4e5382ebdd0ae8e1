#pragma once

#include "plugins/weightings/gramian/gradient_surgery.h"
#include "tasuki/step/draws.h"

namespace tasuki::weightings {

// A permutation of all objectives for each one.
inline Orders draw_orders(size_t n, Draws& draws) {
  Orders orders(n);
  for (auto& order : orders) {
    const auto permutation = draws.permutation(int64_t(n));
    for (size_t k = 0; k < n; ++k) {
      order.push_back(size_t(permutation[int64_t(k)].item<int64_t>()));
    }
  }
  return orders;
}

}  // namespace tasuki::weightings
