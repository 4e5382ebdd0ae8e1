#include "tools/field_print.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <ostream>

#include "tasuki/error/error.h"

namespace tasuki::tools {
namespace {

constexpr int kBars = 12, kBarWidth = 40;
constexpr size_t kMostRows = 50;

void print_classes(std::ostream& out, const FieldSummary& field,
                   const std::vector<std::string>& names) {
  const auto& all = field.class_pixels();
  const size_t count = std::max(names.size(), all.size());
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  const auto pixels = [&](size_t i) { return i < all.size() ? all[i] : 0; };
  if (count > kMostRows) {
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return pixels(a) > pixels(b); });
  }
  const auto label = [&](size_t i) { return i < names.size() ? names[i] : std::string(); };
  std::vector<std::string> absent;
  size_t rows = 0;
  for (const size_t i : order) {
    if (pixels(i) == 0) {
      absent.push_back(i < names.size() ? names[i] : std::to_string(i));
    } else if (rows++ < kMostRows) {
      out << fmt::format("    {:>4} {:<22} {:>12} pixels  {:>6.2f} %  in {} samples\n", i, label(i),
                         pixels(i), 100.0 * double(pixels(i)) / double(field.valid_pixels()),
                         field.class_samples()[i]);
    }
  }
  if (rows > kMostRows) {
    out << fmt::format("    the {} largest of {} classes\n", kMostRows, rows);
  }
  if (absent.size() > kMostRows) {
    out << fmt::format("    {} classes have no pixel\n", absent.size());
  } else if (!absent.empty()) {
    out << "    no pixel of: " << join(absent) << "\n";
  }
}

void print_histogram(std::ostream& out, const FieldSummary& field) {
  const auto shares = field.histogram(kBars);
  const double most = *std::max_element(shares.begin(), shares.end());
  const double width = static_cast<double>(field.most() - field.least()) / kBars;
  for (size_t i = 0; i < shares.size(); ++i) {
    const double from = field.least() + static_cast<double>(i) * width;
    const auto length = static_cast<size_t>(std::lround(kBarWidth * shares[i] / most));
    out << fmt::format("    {:>9.4g} to {:<9.4g} {:>6.2f} %  {}\n", from, from + width,
                       100 * shares[i], std::string(length, '#'));
  }
}

}  // namespace

void print_field(std::ostream& out, const std::string& name, const FieldSummary& field,
                 const std::vector<std::string>& class_names) {
  out << fmt::format("  {:<10} {:>6} samples  {:>6.2f} % valid pixels", name, field.samples(),
                     field.valid_percent());
  if (field.has_values()) {
    out << fmt::format(", {:.4g} to {:.4g}, median {:.4g}", field.least(), field.most(),
                       field.quantile(0.5));
  }
  if (const auto& stored = field.stored()) {
    out << fmt::format(", {:g} to {:g} in files of {} bits", stored->least, stored->most,
                       stored->bits);
  }
  if (const auto away = field.away_percent()) out << fmt::format(", {:.2f} % point away", *away);
  out << "\n";
  if (!field.class_pixels().empty()) print_classes(out, field, class_names);
  if (field.has_values()) print_histogram(out, field);
}

}  // namespace tasuki::tools
