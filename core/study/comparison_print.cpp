#include <fmt/format.h>

#include <ostream>

#include "tasuki/study/compare.h"

namespace tasuki {
namespace {

std::string text_of(const Spread& spread, const char* one, const char* several) {
  return spread.count > 1 ? fmt::format(fmt::runtime(several), spread.mean, spread.deviation)
                          : fmt::format(fmt::runtime(one), spread.mean);
}

}  // namespace

void print_comparison(const Comparison& comparison, std::ostream& out) {
  out << fmt::format("\nProtocol {}, split {}, {} seeds\n",
                     comparison.protocol.empty() ? "unnamed" : comparison.protocol,
                     comparison.split, comparison.seeds.size());
  for (const auto& row : rows_of(comparison)) {
    out << row.name << "\n";
    for (const auto& [name, value] : row.values) {
      out << fmt::format("  {:<22} {}\n", name, text_of(value, "{:.5f}", "{:.5f} ± {:.5f}"));
    }
    if (row.delta_m) {
      out << fmt::format("  {:<22} {}\n", "delta_m, percent",
                         text_of(*row.delta_m, "{:+.2f}", "{:+.2f} ± {:.2f}"));
    }
  }
}

}  // namespace tasuki
