#pragma once

#include "datasets/rooms/builder.h"

namespace tasuki::rooms {

// Furniture stands at the origin of the builder's frame, `width` along x and `depth` along y (both
// centred), with its back towards -y. All lengths in metres.

void build_bed(Builder place, float width, float depth);
void build_sofa(Builder place, float width, float depth);
void build_chair(Builder place, float width, float depth);
void build_stool(Builder place, float width, float depth);
// About 0.75 high, with things on it; a desk is closed at its back and sides.
void build_table(Builder place, float width, float depth);
void build_desk(Builder place, float width, float depth);
// About 0.4 high.
void build_coffee_table(Builder place, float width, float depth);
// A bookcase, up to 2.1 high.
void build_shelf(Builder place, float width, float depth);
// A sideboard or chest of drawers of 0.7 to 1.1 with things on it.
void build_cabinet(Builder place, float width, float depth);
// A closed cupboard of 1.8 to 2.2.
void build_wardrobe(Builder place, float width, float depth);
// A low board that carries a television.
void build_tv_stand(Builder place, float width, float depth);
void build_bedside(Builder place, float width, float depth);
void build_floor_lamp(Builder place, float width, float depth);
void build_plant(Builder place, float width, float depth);
// Boxes, bags, bins, balls, piles of books.
void build_floor_clutter(Builder place, float width, float depth);
void build_rug(Builder place, float width, float depth);

// A few small things on the top of something: the frame's origin is the middle of the top.
void put_on_top(Builder top, float width, float depth, int count);
// A row of books and knick-knacks along x, at most `height` high, backs at -depth / 2.
void put_in_row(Builder row, float width, float depth, float height);
// A lamp of about 0.45 that may be lit.
void put_lamp(Builder place);
// A television standing on the frame's origin, `width` wide, facing +y.
void put_tv(Builder place, float width);
// A cushion of about `size`, leaning back or lying.
void put_cushion(Builder place, float size, bool lying);
// Four legs under a top of this size and height.
void put_legs(Builder place, Label label, int material, Vec3 top);

// Things on walls: the frame's origin is on the wall at the floor, x runs along the wall, y into
// the room.

void build_window(Builder wall, float width, float low, float high);
void build_door(Builder wall, float width, float height);
// Centred at height z.
void build_picture(Builder wall, float width, float height, float z);
void build_wall_tv(Builder wall, float width, float z);
void build_wall_shelf(Builder wall, float width, float z);
void build_clock(Builder wall, float radius, float z);
// From the ceiling: the frame's origin is on the ceiling, z up. Adds its light.
void build_ceiling_lamp(Builder ceiling, float brightness);

}  // namespace tasuki::rooms
