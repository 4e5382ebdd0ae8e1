#pragma once

#include <array>

namespace tasuki::rooms {

// The 13 classes of NYUv2 in their usual order. Doors, skirtings and columns are wall; rugs are
// floor; beams are ceiling; curtains are window; shelves, cabinets and bedside tables are
// furniture; desks are table; lamps, plants, cushions, pillows, crockery and boxes are objects.
enum class Label {
  kBed,
  kBooks,
  kCeiling,
  kChair,
  kFloor,
  kFurniture,
  kObjects,
  kPicture,
  kSofa,
  kTable,
  kTv,
  kWall,
  kWindow,
};

constexpr std::array<const char*, 13> kClassNames = {
    "bed",     "books", "ceiling", "chair", "floor", "furniture", "objects",
    "picture", "sofa",  "table",   "tv",    "wall",  "window"};

}  // namespace tasuki::rooms
