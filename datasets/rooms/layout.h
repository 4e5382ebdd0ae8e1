#pragma once

#include "datasets/rooms/scene.h"

namespace tasuki::rooms {

// A furnished and lit room of 3 to 6.5 m by 3 to 6.5 m, 2.3 to 3 m high. `clutter` scales the
// number of pieces of furniture and small things: 0 leaves the room bare, 1 is usual.
Scene build_scene(Random& random, float clutter);

}  // namespace tasuki::rooms
