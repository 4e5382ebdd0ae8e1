#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

namespace tasuki {

// A forward pass cut in two where the routes of a model part. What an architecture passes through
// it (Architecture::cut) goes on as a leaf of its own graph, so that the losses' backward passes
// end there; the gradients that they leave can be looked at, combined, and walked on through what
// lies before the cut by one more pass.
//
// Example:
//   losses[i].backward({}, keep_graph);       // down to the cut
//   const auto g = cut.take_gradients();      // dL_i / dfeatures
//   cut.backward(g);                          // and on into what the routes share
class FeatureCut {
 public:
  // The tensor to go on with in place of `features`, which are the output of the part before.
  torch::Tensor operator()(const std::string& name, const torch::Tensor& features);

  // The tensors at the cut as what comes after sees them: leaves that require a gradient, in the
  // order in which the forward pass came to them.
  const std::vector<torch::Tensor>& leaves() const { return leaves_; }
  const std::vector<std::string>& names() const { return names_; }

  // The gradient that backward passes left on each leaf since the last call; undefined where none
  // reached it.
  std::vector<torch::Tensor> take_gradients();
  // Walks gradients of the leaves on into the parameters before the cut; undefined ones are zero.
  // The graph there can be walked again only while `keep_graph`.
  void backward(const std::vector<torch::Tensor>& gradients, bool keep_graph = false);

 private:
  std::vector<std::string> names_;
  std::vector<torch::Tensor> outputs_;  // of the part before the cut
  std::vector<torch::Tensor> leaves_;
};

// What a forward pass of a model keeps besides the logits, for who asks for it.
struct ForwardTrace {
  bool cuts = false;  // whether the pass is cut; else `cut` stays empty
  FeatureCut cut;
  // The input of each decoder's last layer, by objective: [N, C, h, w], a tensor of the graph. For
  // decoders that name it.
  std::map<std::string, torch::Tensor> last_features;
};

}  // namespace tasuki
