#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tasuki/study/selection.h"

namespace tasuki {

// One measure of how tasks act on each other, by ordered pair.
using EdgeValues = std::map<Edge, double>;

// One line of affinity.jsonl, which the hook tasuki/Affinity writes: means over the epoch's
// measurements. Empty maps where a measure was not asked for.
struct AffinityEpoch {
  int64_t epoch = 0;
  // 1 - L_to(theta_sh after a step for `from`) / L_to(theta_sh), as in arXiv:2109.04617, eq. 1.
  EdgeValues affinity;
  // Cosine between the gradients of two tasks on the shared parameters: the same both ways.
  EdgeValues cosine;
};

struct Affinities {
  std::vector<AffinityEpoch> epochs;

  bool empty() const { return epochs.empty(); }
  // Means over all epochs that have a finite value of the pair.
  EdgeValues mean_affinity() const;
  EdgeValues mean_cosine() const;
  // The last part of the run alone, at least one epoch: what holds now.
  Affinities last(double fraction) const;
};

// Reads affinity.jsonl: {"epoch": 1, "affinity": {from: {to: z}}, "cosine": {from: {to: c}}} a
// line. Without the file there are none. Error (kData): "file:line: ...".
Affinities read_affinities(const std::filesystem::path& file);

inline constexpr const char* kAffinityFile = "affinity.jsonl";

}  // namespace tasuki
