#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

#include "tasuki/step/gradient_options.pb.h"

namespace tasuki {

// The weights that a gradient method gave in earlier steps, by part and objective, for the options
// `every` and `smoothing` (GradientOptions).
class KeptWeights {
 public:
  KeptWeights() = default;
  // `objectives`: the names of the model's.
  KeptWeights(const options::GradientOptions& options, std::vector<std::string> objectives);

  // Whether this step takes the kept weights of these objectives as they are.
  bool serve(int64_t step, const std::vector<size_t>& objectives) const;
  // Whether there is one for each of these in a part.
  bool has(const std::string& part, const std::vector<size_t>& objectives) const;
  torch::Tensor weights(const std::string& part, const std::vector<size_t>& objectives) const;
  // New weights, [n] float64 on the CPU, of the part's objectives: returns them smoothed, and keeps
  // those.
  torch::Tensor renew(const std::string& part, const std::vector<size_t>& objectives,
                      const torch::Tensor& weights);

  // By "kept_weights.PART.OBJECTIVE".
  std::map<std::string, torch::Tensor> state() const;
  // Takes what is its own out of `state`.
  void take_state(std::map<std::string, torch::Tensor>& state);

 private:
  bool keeps() const { return every_ > 1 || smoothing_ > 0; }
  std::string key(const std::string& part, size_t objective) const;

  int64_t every_ = 1;
  double smoothing_ = 0;
  std::vector<std::string> objectives_;
  std::map<std::string, double> weights_;  // by "PART.OBJECTIVE"
};

}  // namespace tasuki
