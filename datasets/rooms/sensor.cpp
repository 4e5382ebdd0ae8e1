#include "datasets/rooms/sensor.h"

#include <algorithm>
#include <array>

namespace tasuki::rooms {
namespace {

constexpr int kGammaSteps = 4096;

std::array<uchar, kGammaSteps + 1> make_gamma() {
  std::array<uchar, kGammaSteps + 1> table;
  for (int i = 0; i <= kGammaSteps; ++i) {
    const float linear = static_cast<float>(i) / kGammaSteps;
    table[i] = static_cast<uchar>(std::lround(255 * std::pow(linear, 1 / 2.2f)));
  }
  return table;
}

uchar encode(float linear) {
  static const auto table = make_gamma();
  return table[static_cast<int>(std::clamp(linear, 0.0f, 1.0f) * kGammaSteps + 0.5f)];
}

// What brings the mean to `target`, bright things counted no more than fairly bright ones.
float exposure(const std::vector<Vec3>& radiance, float target) {
  double sum = 0;
  for (const Vec3& pixel : radiance) sum += std::min(dot(pixel, {0.3f, 0.6f, 0.1f}), 1.5f);
  return target * static_cast<float>(radiance.size()) / std::max(static_cast<float>(sum), 1e-3f);
}

// A 3 x 3 binomial filter mixed with the pixel itself.
std::vector<Vec3> defocused(const std::vector<Vec3>& in, int width, int height, float amount) {
  std::vector<Vec3> rows(in.size()), out(in.size());
  for (int v = 0; v < height; ++v) {
    for (int u = 0; u < width; ++u) {
      const size_t row = static_cast<size_t>(v) * width;
      const Vec3 sides = in[row + std::max(u - 1, 0)] + in[row + std::min(u + 1, width - 1)];
      rows[row + u] = mix(in[row + u], sides * 0.5f, amount);
    }
  }
  for (int v = 0; v < height; ++v) {
    const size_t row = static_cast<size_t>(v) * width;
    const size_t above = static_cast<size_t>(std::max(v - 1, 0)) * width;
    const size_t below = static_cast<size_t>(std::min(v + 1, height - 1)) * width;
    for (int u = 0; u < width; ++u) {
      out[row + u] = mix(rows[row + u], (rows[above + u] + rows[below + u]) * 0.5f, amount);
    }
  }
  return out;
}

// Highlights are compressed as film does, so that lamps and windows keep some colour.
float film(float value) {
  constexpr float kKnee = 0.6f;
  if (value < kKnee) return value;
  const float over = (value - kKnee) / (1 - kKnee);
  return kKnee + (1 - kKnee) * over / (1 + over);
}

}  // namespace

cv::Mat photograph(const std::vector<Vec3>& radiance, int width, int height, float noise,
                   Random& random) {
  const float gain = exposure(radiance, random.uniform(0.13f, 0.32f));
  const Vec3 balance{random.uniform(0.88f, 1.12f), 1, random.uniform(0.88f, 1.12f)};
  const float vignette = random.uniform(0.05f, 0.4f), focus = random.uniform(0.15f, 0.4f);
  const float shot = noise * random.uniform(0.005f, 0.03f);
  const float read = noise * random.uniform(0.001f, 0.006f);
  const std::vector<Vec3> lens = defocused(radiance, width, height, focus);
  cv::Mat draws(height, width, CV_32FC3), image(height, width, CV_8UC3);
  random.fill_normal(draws);
  const float reach = 4.0f / static_cast<float>(width * width + height * height);
  for (int v = 0; v < height; ++v) {
    const auto* draw = draws.ptr<cv::Vec3f>(v);
    auto* out = image.ptr<cv::Vec3b>(v);
    for (int u = 0; u < width; ++u) {
      const float x = static_cast<float>(u) - 0.5f * static_cast<float>(width - 1);
      const float y = static_cast<float>(v) - 0.5f * static_cast<float>(height - 1);
      const float fall = gain * (1 - vignette * (x * x + y * y) * reach);
      const Vec3 light = lens[static_cast<size_t>(v) * width + u] * balance * fall;
      const auto channel = [&](float value, float normal) {
        const float deviation = read + shot * std::sqrt(std::max(value, 0.0f));
        return encode(film(value + deviation * normal));
      };
      out[u] = {channel(light.z, draw[u][0]), channel(light.y, draw[u][1]),
                channel(light.x, draw[u][2])};
    }
  }
  return image;
}

}  // namespace tasuki::rooms
