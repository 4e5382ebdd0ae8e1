#pragma once

#include <string>
#include <vector>

#include "tasuki/study/affinity.h"
#include "tasuki/study/selection.h"

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
// holds when the measurement has turned against it since: below 0 now for an included transfer,
// above 0 for an excluded one, and it was not so already `then`, when the search itself measured.
// Where the search did not measure, it is taken to have agreed with its decision. A
// single run estimates; a changed sign is a reason to search again, not a new decision.
std::vector<Recheck> recheck_decisions(const Selection& selection, const Affinities& then,
                                       const Affinities& now);

}  // namespace tasuki
