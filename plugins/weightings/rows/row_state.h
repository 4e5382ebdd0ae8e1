#pragma once

#include <torch/types.h>

#include <map>
#include <set>
#include <string>

#include "tasuki/step/weighting.h"

namespace tasuki::weightings {

// What a method of gradient rows remembers, by the names of the part of the model and of the
// objective, so that it finds it again when objectives have come and gone:
//   PART/OBJECTIVE.WHAT   of an objective: a vector as long as its row, or a number
//   PART.WHAT             of a part: a number
// Nothing is kept of an objective before its first step.
class RowState {
 public:
  // `method` is whose it is, for errors; `keeps` the names of what it keeps.
  RowState(std::string method, const Weighting::Context& context, std::set<std::string> keeps);

  // The vector of the objective of row i, [P], with the row's device, and its type or float32 if
  // that is wider; zeros at first. What is written into it is kept. Error (kData) for the state of
  // a part of another size.
  torch::Tensor vector(const RowGroup& group, size_t i, const std::string& what,
                       const torch::Tensor& row);
  double number(const RowGroup& group, size_t i, const std::string& what, double first) const;
  void set_number(const RowGroup& group, size_t i, const std::string& what, double value);
  double number(const RowGroup& group, const std::string& what, double first) const;
  void set_number(const RowGroup& group, const std::string& what, double value);
  // Numbers of all the group's objectives that sum to 1, [n] float64: as they were set, in
  // proportion; who has none yet gets the mean of the others'. Equal at first.
  torch::Tensor shares(const RowGroup& group, const std::string& what) const;
  void set_shares(const RowGroup& group, const std::string& what, const torch::Tensor& values);

  const std::map<std::string, torch::Tensor>& all() const { return kept_; }
  // In place of all. Error (kData) for names of other parts, objectives or methods.
  void load(const std::map<std::string, torch::Tensor>& state);

 private:
  std::string key(const RowGroup& group, size_t i, const std::string& what) const;
  std::set<std::string> known() const;

  std::string method_;
  std::set<std::string> keeps_, parts_;
  std::vector<std::string> objectives_;  // of the model; empty without one
  std::map<std::string, torch::Tensor> kept_;
};

// The group of rows that are of a model's first objectives, whose losses are 1.
RowGroup plain_group(const torch::Tensor& rows);

// OptionError for gradients on features: what is kept by element would be of other images in each
// step.
void refuse_features(const options::GradientOptions& gradients);

// A method of rows that remembers something of each element: its state is the checkpoint's,
// features are refused, and a call without a model is one of the plain group.
class StatefulRowWeighting : public RowWeighting {
 public:
  std::map<std::string, torch::Tensor> method_state() const final { return state_.all(); }
  void load_method_state(const std::map<std::string, torch::Tensor>& state) final {
    state_.load(state);
  }
  torch::Tensor combine(const torch::Tensor& rows, Draws& draws) final {
    return combine_group(rows, plain_group(rows), draws);
  }

 protected:
  // As those of RowState.
  StatefulRowWeighting(std::string method, const options::GradientOptions& gradients,
                       const Context& context, std::set<std::string> keeps)
      : state_(std::move(method), context, std::move(keeps)) {
    refuse_features(gradients);
  }

  RowState state_;
};

}  // namespace tasuki::weightings
