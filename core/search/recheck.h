#pragma once

#include <string>
#include <vector>

#include "core/search/affinity.h"
#include "core/search/selection.h"

namespace tasuki {

enum class RecheckState { kHolds, kChanged, kNotMeasured };

// Whether one decision of a search still agrees with what is measured.
struct Recheck {
  Edge edge;
  RecheckState state = RecheckState::kNotMeasured;
  std::string text;  // one sentence
};

// The part of a run at its end that speaks for the present.
inline constexpr double kRecentPart = 0.25;

// Holds the decision on each transfer against the look-ahead affinity (the gradient cosine where
// only that was measured) over the last quarter of a run, at least one epoch. A decision no longer
// holds when the sign has turned since: the transfer was included with a measurement above 0 and it
// is below 0 now, or the other way round. `then`: measurements of the search itself; where it has
// none, an included transfer stands for a sign above 0 and an excluded one for a sign below. A
// single run estimates; a changed sign is a reason to search again, not a new decision.
std::vector<Recheck> recheck_decisions(const Selection& selection, const Affinities& then,
                                       const Affinities& now);

}  // namespace tasuki
