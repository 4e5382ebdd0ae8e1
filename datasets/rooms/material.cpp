#include "datasets/rooms/material.h"

#include <algorithm>
#include <array>

namespace tasuki::rooms {
namespace {

float clamp01(float value) {
  return std::min(std::max(value, 0.0f), 1.0f);
}

// How much of a pattern with this period a pixel still resolves: 1 for fine pixels, 0 from half a
// period on, where only the mean is seen.
float resolved(float period, float footprint) {
  return clamp01(2 - 4 * footprint / period);
}

// Fraction of x in [0, 1), and its distance from the nearest whole number.
float fraction(float x) {
  return x - std::floor(x);
}
float from_whole(float x) {
  return std::abs(x - std::round(x));
}

// 0 on a line of `width` around each whole number of x, 1 elsewhere, softened over a pixel.
float off_line(float x, float width, float pixel) {
  return clamp01((from_whole(x) - width) / std::max(pixel, 0.01f) + 0.5f);
}

// A square wave of period 1 with edges one pixel wide.
float square_wave(float x, float pixel) {
  const float triangle = 4 * std::abs(fraction(x) - 0.5f) - 1;
  return clamp01(0.5f + triangle / std::max(8 * pixel, 0.02f));
}

struct Grid {
  float u, v, pixel;  // in periods
};

Grid grid(const Material& m, const SurfacePoint& p) {
  const float scale = 1 / m.period;
  const float u = p.u * scale, v = p.v * scale;
  return m.turned ? Grid{v, u, p.footprint * scale} : Grid{u, v, p.footprint * scale};
}

Vec3 mottled(const Material& m, const SurfacePoint& p) {
  const Vec3 at = p.local * (2 / m.period);
  const float noise = 0.65f * value_noise(at, m.seed) + 0.35f * value_noise(at * 2.7f, m.seed + 1);
  const float strength = resolved(m.period, p.footprint);
  return mix(m.first, m.second, clamp01(0.5f + strength * 2 * (noise - 0.5f)));
}

float grain(float along, float across, const Material& m) {
  const float bend = value_noise({along * 1.3f, across * 7, 0.5f}, m.seed);
  const float rings = fraction(across * 9 + bend * 4);
  const float fibres = value_noise({along * 6, across * 160, 1.5f}, m.seed + 7);
  return clamp01(0.6f * std::abs(2 * rings - 1) + 0.4f * fibres);
}

Vec3 wood(const Material& m, const SurfacePoint& p) {
  const float along = m.turned ? p.v : p.u, across = m.turned ? p.u : p.v;
  const float strength = 0.6f * resolved(0.1f, p.footprint);
  return m.first * (1 - strength * (grain(along, across, m) - 0.4f));
}

Vec3 planks(const Material& m, const SurfacePoint& p) {
  const Grid g = grid(m, p);
  const int row = static_cast<int>(std::floor(g.v));
  const float along = g.u / 7 + cell_value(row, 0, 0, m.seed);
  const int board = static_cast<int>(std::floor(along));
  const float shade = 0.7f + 0.5f * cell_value(row, board, 1, m.seed);
  const float strength = 0.4f * resolved(m.period, p.footprint);
  const float fibre = 1 - strength * (grain(g.u * m.period + row * 3.7f, g.v * m.period, m) - 0.4f);
  const float gap = off_line(g.v, 0.03f, g.pixel) * off_line(along, 0.006f, g.pixel / 7);
  return m.first * (shade * fibre * (0.45f + 0.55f * gap));
}

Vec3 laid_stones(const Material& m, const SurfacePoint& p, bool bricks) {
  Grid g = grid(m, p);
  if (bricks) {
    g.v *= 2.5f;
    g.pixel *= 1.5f;
    g.u += fraction(std::floor(g.v) * 0.5f);  // every other row by half a stone
  }
  const int column = static_cast<int>(std::floor(g.u)), row = static_cast<int>(std::floor(g.v));
  const float shade =
      (bricks ? 0.65f : 0.85f) + (bricks ? 0.6f : 0.25f) * cell_value(column, row, 0, m.seed);
  const float stone = off_line(g.u, 0.025f, g.pixel) * off_line(g.v, 0.035f, g.pixel);
  return mix(m.second, m.first * shade, stone);
}

Vec3 dots(const Material& m, const SurfacePoint& p) {
  const Grid g = grid(m, p);
  const float row = std::floor(g.v);
  const float du = fraction(g.u + fraction(row * 0.5f)) - 0.5f, dv = fraction(g.v) - 0.5f;
  const float inside = clamp01((0.27f - std::hypot(du, dv)) / std::max(g.pixel, 0.02f) + 0.5f);
  const float strength = resolved(m.period, p.footprint);
  return mix(m.first, m.second, 0.23f + strength * (inside - 0.23f));
}

// Two square waves across each other, summed (plaid) or multiplied (checks).
Vec3 woven(const Material& m, const SurfacePoint& p) {
  const Grid g = grid(m, p);
  const float a = square_wave(g.u, g.pixel), b = square_wave(g.v, g.pixel);
  float amount = a;
  if (m.pattern == Pattern::kChecks) amount = a * b + (1 - a) * (1 - b);
  if (m.pattern == Pattern::kPlaid) amount = 0.5f * (a + b);
  const float strength = resolved(m.period, p.footprint);
  return mix(m.first, m.second, 0.5f + strength * (amount - 0.5f));
}

// Sky above a wavy horizon, ground with patches, and a few round things before it.
Vec3 view(const Material& m, const SurfacePoint& p) {
  const float ridge = 0.9f * (value_noise({p.s * 1.6f, 0, 3.3f}, m.seed) - 0.5f) +
                      0.25f * (value_noise({p.s * 7, 1, 5.1f}, m.seed) - 0.5f);
  const float patches = value_noise({p.s * 5, p.t * 5, 0}, m.seed + 3);
  const Vec3 sky = mix(m.first, {0.95f, 0.95f, 0.95f}, clamp01(0.5f - 0.6f * p.t));
  Vec3 colour = p.t > ridge ? sky : m.second * (0.35f + 0.9f * patches);
  for (int i = 0; i < 3; ++i) {
    const float x = 1.6f * cell_value(i, 0, 0, m.seed) - 0.8f;
    const float y = 1.6f * cell_value(i, 1, 0, m.seed) - 0.8f;
    const float radius = 0.12f + 0.3f * cell_value(i, 2, 0, m.seed);
    if (std::hypot(p.s - x, p.t - y) > radius) continue;
    colour = mix(m.second, m.first, cell_value(i, 3, 0, m.seed)) * (0.4f + 0.8f * patches);
  }
  return colour;
}

Vec3 patterned(const Material& m, const SurfacePoint& p) {
  switch (m.pattern) {
    case Pattern::kPlain:
      return m.first;
    case Pattern::kMottled:
      return mottled(m, p);
    case Pattern::kWood:
      return wood(m, p);
    case Pattern::kPlanks:
      return planks(m, p);
    case Pattern::kTiles:
    case Pattern::kBricks:
      return laid_stones(m, p, m.pattern == Pattern::kBricks);
    case Pattern::kStripes:
    case Pattern::kChecks:
    case Pattern::kPlaid:
      return woven(m, p);
    case Pattern::kDots:
      return dots(m, p);
    case Pattern::kView:
      return view(m, p);
  }
  return m.first;
}

Vec3 from_hsv(float hue, float saturation, float value) {
  const auto channel = [&](float offset) {
    const float k = 6 * fraction(hue + offset);
    return value * (1 - saturation * clamp01(2 - std::abs(k - 3)));
  };
  return {channel(0), channel(2.0f / 3), channel(1.0f / 3)};
}

}  // namespace

Vec3 albedo(const Material& material, const SurfacePoint& point) {
  // Wear: slow changes of brightness over every surface.
  const float wear = 0.93f + 0.14f * value_noise(point.local * 1.7f, material.seed + 11);
  const Vec3 colour = patterned(material, point) * wear;
  return {clamp01(colour.x), clamp01(colour.y), clamp01(colour.z)};
}

Palette::Palette(Random& random, std::vector<Material>& materials)
    : random_(random), materials_(materials) {
  for (int i = 0; i < 6; ++i) repeated_.push_back(add(draw(0.03f)));
}

int Palette::any() {
  if (random_.chance(0.5f)) return random_.pick(repeated_);
  return add(draw(0.03f));
}

int Palette::light() {
  return random_.chance(0.25f) ? any() : add(draw(0.35f));
}

int Palette::wood() {
  Material material = draw(0.05f);
  const float depth = random_.uniform(0.08f, 0.75f);
  const float hue = random_.uniform(0.04f, 0.11f), saturation = random_.uniform(0.2f, 0.75f);
  material.pattern = Pattern::kWood;
  material.first = from_hsv(hue, saturation, depth);
  return random_.chance(0.4f) ? any() : add(material);
}

int Palette::view(float emission) {
  Material material = draw(0.1f);
  material.pattern = Pattern::kView;
  material.emission = emission;
  material.gloss = 0;
  return add(material);
}

int Palette::plain(Vec3 colour, float gloss, float emission) {
  Material material;
  material.first = material.second = colour;
  material.gloss = gloss;
  material.emission = emission;
  material.seed = random_.bits();
  return add(material);
}

Vec3 Palette::colour(float darkest) {
  // Half of the colours are warm, as wood, leather and most paints are.
  const bool warm = random_.chance(0.5f);
  const float hue = warm ? random_.uniform(0, 0.16f) : random_.uniform(0, 1);
  const float vivid = random_.uniform(0, 1);
  const float value = random_.uniform(std::sqrt(darkest), 0.95f);
  return from_hsv(hue, 0.9f * vivid * vivid * vivid, value * value);
}

Material Palette::draw(float darkest) {
  constexpr std::array kPatterns = {
      Pattern::kPlain,   Pattern::kPlain,  Pattern::kPlain,  Pattern::kMottled,
      Pattern::kMottled, Pattern::kWood,   Pattern::kWood,   Pattern::kPlanks,
      Pattern::kPlanks,  Pattern::kTiles,  Pattern::kBricks, Pattern::kStripes,
      Pattern::kStripes, Pattern::kChecks, Pattern::kPlaid,  Pattern::kDots};
  Material material;
  material.pattern = random_.pick(kPatterns);
  material.first = colour(darkest);
  // Half of the patterns are two shades of one colour, half two colours.
  const float shade = random_.uniform(0.45f, 1.3f);
  material.second = random_.chance(0.5f) ? material.first * shade : colour(darkest);
  material.period = 0.07f * std::exp(random_.uniform(0, 1.6f));
  material.gloss = random_.chance(0.4f) ? random_.uniform(0.1f, 0.6f) : 0;
  material.turned = random_.chance(0.5f);
  material.seed = random_.bits();
  return material;
}

int Palette::add(const Material& material) {
  materials_.push_back(material);
  return static_cast<int>(materials_.size()) - 1;
}

}  // namespace tasuki::rooms
