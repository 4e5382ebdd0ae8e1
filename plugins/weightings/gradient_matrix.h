#pragma once

#include <torch/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/engine/weighting.h"
#include "plugins/weightings/gradient_matrix.pb.h"

namespace tasuki::weightings {

// What gradient methods have in common: the gradients of the step's objectives as the rows of a
// matrix, and the combined gradient back in the flat buffer.
//
// There is one backward pass per objective, of its loss times its factor. Losses stay separate
// scalars, so that a pass walks no other objective's decoder and a part of the encoder only as
// often as objectives run through it. Costs memory for n vectors of the size of the combined part.
// Where no two objectives have a parameter in common there, it is one pass through the sum.
class GradientMatrix {
 public:
  // rows: [n, P], the gradients of n > 1 objectives on the same P parameters; into out: [P], the
  // gradient to go on with.
  using Combine = std::function<void(const torch::Tensor& rows, torch::Tensor out)>;

  // OptionError for a number that is no scope.
  GradientMatrix(const Weighting::Context& context, options::GradientScope::Kind scope);

  // Leaves the combined gradients where the scope says so, the plain sum elsewhere; returns the
  // factors of the losses. `combine` is called for the shared part first, then for the routes in
  // alphabetical order.
  std::vector<double> backward(WeightingStep& step, const Combine& combine) const;

 private:
  struct Range {
    int64_t begin;
    int64_t end;
  };
  // Parameters, and which objectives of a step train them.
  struct Group {
    std::vector<Range> ranges;
    std::vector<size_t> members;  // positions in the step, ascending
    torch::Tensor rows;           // [members, size]
  };

  std::vector<Range> ranges_of(const std::vector<FlatParameters::Span>& part) const;
  std::vector<Group> groups(const WeightingStep& step) const;
  void add(std::vector<Group>& groups, const std::vector<Range>& ranges,
           std::vector<size_t> members) const;
  void collect(Group& group, size_t objective) const;
  void write(const Group& group, const Combine& combine) const;

  FlatParameters* parameters_;
  std::vector<std::string> routes_;  // of the model's objectives
  std::vector<Range> shared_;
  std::map<std::string, std::vector<Range>> own_;  // empty unless the scope has the routes
};

// Cuts [0, size) into blocks for work on long rows whose temporaries then stay in the cache.
void for_each_block(int64_t size, const std::function<void(int64_t begin, int64_t end)>& work);

// Inner products of the rows, [n, n] float64 on the CPU. Computed in float64, which costs no more
// than in the rows' own type when done block by block.
torch::Tensor gram_matrix(const torch::Tensor& rows);
// out = sum_i weights[i] rows[i].
void weigh_rows(const torch::Tensor& rows, const std::vector<double>& weights, torch::Tensor out);

}  // namespace tasuki::weightings
