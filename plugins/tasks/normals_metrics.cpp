#include "plugins/tasks/normals_metrics.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "plugins/tasks/checks.h"

namespace tasuki::tasks {
namespace {

constexpr size_t kBins = 18000;  // of 0.01 degrees up to 180
static_assert(kBins * NormalSums::kBinDegrees == 180);

// Arc tangent of 0 <= x <= 1, off by less than 2e-8 (Abramowitz and Stegun, "Handbook of
// mathematical functions", 4.4.49); several times faster than std::atan2 in a loop over pixels.
double arc_tangent(double x) {
  const double s = x * x;
  double sum = 0.0028662257;
  for (const double coefficient : {-0.0161657367, 0.0429096138, -0.0752896400, 0.1065626393,
                                   -0.1420889944, 0.1999355085, -0.3333314528, 1.0}) {
    sum = sum * s + coefficient;
  }
  return x * sum;
}

bool is_zero(const std::array<float, 3>& a) {
  return a[0] == 0 && a[1] == 0 && a[2] == 0;
}

}  // namespace

float angle_degrees(const std::array<float, 3>& a, const std::array<float, 3>& b) {
  if (is_zero(a) || is_zero(b)) return 90;
  // In double: the products of small components would vanish, and the differences cancel.
  const double ax = a[0], ay = a[1], az = a[2], bx = b[0], by = b[1], bz = b[2];
  const double cx = ay * bz - az * by, cy = az * bx - ax * bz, cz = ax * by - ay * bx;
  const double sine = std::sqrt(cx * cx + cy * cy + cz * cz);
  const double cosine = ax * bx + ay * by + az * bz;
  const double whole = std::numbers::pi, along = std::abs(cosine);
  const double acute =
      sine <= along ? arc_tangent(sine / along) : whole / 2 - arc_tangent(along / sine);
  return static_cast<float>((cosine < 0 ? whole - acute : acute) * (180 / whole));
}

NormalSums::NormalSums() : histogram_(kBins) {}

std::vector<MetricInfo> NormalSums::infos() {
  return {{"mean", "deg", false, true},    {"median", "deg", false, true},
          {"rmse", "deg", false, false},   {"within_11_25", "", true, true},
          {"within_22_5", "", true, true}, {"within_30", "", true, true}};
}

void NormalSums::add_angle(float degrees) {
  const double angle = degrees;
  ++pixels_;
  sum_ += angle;
  square_ += angle * angle;
  within_[0] += angle < 11.25;
  within_[1] += angle < 22.5;
  within_[2] += angle < 30;
  auto& bin = histogram_[std::min(static_cast<size_t>(angle * (1 / kBinDegrees)), kBins - 1)];
  ++bin.count;
  bin.least = std::min(bin.least, degrees);
  bin.largest = std::max(bin.largest, degrees);
}

void NormalSums::add(const torch::Tensor& prediction, const torch::Tensor& label) {
  const auto predicted = image_values(prediction, 3), labelled = image_values(label, 3);
  TORCH_CHECK(predicted.sizes() == labelled.sizes(), "prediction ", predicted.sizes(),
              " and label ", labelled.sizes(), " differ in size");
  check_finite(predicted);
  const int64_t plane = predicted.size(1) * predicted.size(2);
  const float* p = predicted.data_ptr<float>();
  const float* y = labelled.data_ptr<float>();
  for (int64_t i = 0; i < plane; ++i) {
    const std::array<float, 3> normal = {y[i], y[plane + i], y[2 * plane + i]};
    if (!is_zero(normal)) add_angle(angle_degrees({p[i], p[plane + i], p[2 * plane + i]}, normal));
  }
}

void NormalSums::merge(const NormalSums& other) {
  pixels_ += other.pixels_;
  sum_ += other.sum_;
  square_ += other.square_;
  for (size_t i = 0; i < within_.size(); ++i) within_[i] += other.within_[i];
  for (size_t i = 0; i < kBins; ++i) {
    Bin& bin = histogram_[i];
    bin.count += other.histogram_[i].count;
    bin.least = std::min(bin.least, other.histogram_[i].least);
    bin.largest = std::max(bin.largest, other.histogram_[i].largest);
  }
}

double NormalSums::at_rank(int64_t rank) const {
  size_t i = 0;
  while (rank >= histogram_[i].count) rank -= histogram_[i++].count;
  const Bin& bin = histogram_[i];
  if (rank == 0) return bin.least;
  return bin.least + (double{bin.largest} - bin.least) * static_cast<double>(rank) /
                         static_cast<double>(bin.count - 1);
}

double NormalSums::median() const {
  return (at_rank((pixels_ - 1) / 2) + at_rank(pixels_ / 2)) / 2;
}

std::vector<double> NormalSums::values() const {
  if (pixels_ == 0) return std::vector<double>(infos().size(), std::nan(""));
  const auto mean = [&](double sum) { return sum / static_cast<double>(pixels_); };
  return {mean(sum_),
          median(),
          std::sqrt(mean(square_)),
          mean(static_cast<double>(within_[0])),
          mean(static_cast<double>(within_[1])),
          mean(static_cast<double>(within_[2]))};
}

void NormalSums::describe(nlohmann::json& out) const {
  out["median_resolution_degrees"] = kBinDegrees;
}

}  // namespace tasuki::tasks
