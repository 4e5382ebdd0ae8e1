#pragma once

#include <cstdint>
#include <vector>

#include "datasets/rooms/random.h"
#include "datasets/rooms/vec3.h"

namespace tasuki::rooms {

enum class Pattern {
  kPlain,
  kMottled,
  kWood,
  kPlanks,
  kTiles,
  kBricks,
  kStripes,
  kChecks,
  kPlaid,
  kDots,
  kView,  // a little landscape: paintings, screens, what is seen through a window
};

struct Material {
  Pattern pattern = Pattern::kPlain;
  Vec3 first{0.5f, 0.5f, 0.5f};   // linear RGB albedo, 0..1
  Vec3 second{0.5f, 0.5f, 0.5f};  // the other colour of the pattern
  float period = 0.2f;            // metres
  float gloss = 0;                // strength of the highlight, 0..1
  float emission = 0;             // radiance = emission * albedo, 0 for what only reflects
  bool turned = false;            // pattern along v instead of u
  uint32_t seed = 0;
};

// Where on a surface a colour is asked for.
struct SurfacePoint {
  Vec3 local;       // metres in the shape's own frame
  float u, v;       // metres along the surface
  float s, t;       // -1..1 across the face, t upwards
  float footprint;  // metres that a pixel covers: finer detail is averaged out
};

Vec3 albedo(const Material& material, const SurfacePoint& point);

// Draws the materials of one room. Every class draws from the same distribution, and half of the
// draws repeat one of a few materials of this room, so that neither colour nor texture names a
// class.
class Palette {
 public:
  Palette(Random& random, std::vector<Material>& materials);

  // Index of a material for anything.
  int any();
  // The same, but from the lighter colours, as large surfaces of rooms tend to be.
  int light();
  int wood();
  int view(float emission);
  int plain(Vec3 colour, float gloss = 0, float emission = 0);

 private:
  Vec3 colour(float darkest);
  Material draw(float darkest);
  int add(const Material& material);

  Random& random_;
  std::vector<Material>& materials_;
  std::vector<int> repeated_;
};

}  // namespace tasuki::rooms
