#pragma once

#include <google/protobuf/any.pb.h>
#include <torch/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tasuki {

class MtlBinding;

// A weighting for a model and a training loop of one's own, without a config: in place of
// loss.backward(),
//
//   tasuki::MtlWeighting weighting("[tasuki/PCGrad] {}");
//   for (...) {
//     const auto features = encoder->forward(images);
//     optimizer.zero_grad();
//     tasuki::mtl_backward({loss_of(first->forward(features)), loss_of(second->forward(features))},
//                          {features}, encoder->parameters(),
//                          {first->parameters(), second->parameters()}, weighting);
//     optimizer.step();
//   }
//
// Any registered method serves that asks for the losses, their gradients or features alone; its
// options are those of a config, `gradients { ... }` too. One that needs more (batches of its own,
// a decoder's last features) is an Error (kUsage).
class MtlWeighting {
 public:
  struct Options {
    std::vector<std::string> tasks = {};  // their names; "task0", "task1", ... where empty
    uint64_t seed = 0;                    // of what the method draws
    // Trains what the method has of its own (UW's variances), at the learning rate of its options;
    // Error (kUsage) where a method needs it and there is none.
    std::optional<google::protobuf::Any> optimizer = {};
  };

  // In text format: "[tasuki/CAGrad] { c: 0.5 }". Error (kUsage) for a text that is none.
  explicit MtlWeighting(const std::string& text) : MtlWeighting(text, Options()) {}
  MtlWeighting(const std::string& text, Options options);
  // PluginBuilder("tasuki/CAGrad").set("c", 0.5).any()
  explicit MtlWeighting(const google::protobuf::Any& weighting)
      : MtlWeighting(weighting, Options()) {}
  MtlWeighting(const google::protobuf::Any& weighting, Options options);
  MtlWeighting(MtlWeighting&&) noexcept;
  ~MtlWeighting();

  // Methods that go by epochs (DWA) want to know when one begins; from 0.
  void start_epoch(int64_t epoch);
  // After the optimiser's step, for methods that look at the losses again then (FAMO): `losses`
  // computes them on the same batch at the new parameters.
  void after_update(const std::function<std::vector<torch::Tensor>()>& losses);
  // For checkpoints, by name. State that is loaded before the first step is checked in it.
  std::map<std::string, torch::Tensor> state() const;
  void load_state(const std::map<std::string, torch::Tensor>& state);

 private:
  friend torch::Tensor mtl_backward(const std::vector<torch::Tensor>& losses,
                                    const std::vector<torch::Tensor>& features,
                                    const std::vector<torch::Tensor>& shared_parameters,
                                    const std::vector<std::vector<torch::Tensor>>& task_parameters,
                                    MtlWeighting& weighting);
  google::protobuf::Any weighting_;
  Options options_;
  int64_t epoch_ = 0, steps_ = 0;
  std::map<std::string, torch::Tensor> loaded_;
  std::unique_ptr<MtlBinding> bound_;  // to the parameters of the first step
};

// Adds to .grad() of all these parameters what the weighting makes of the losses, as backward()
// would for their sum: the combined gradient for what is shared, and for a task's own parameters
// that of its loss (as `gradients.decoders` says). Frees the losses' graph.
//   losses:            scalars, ends of one graph, one a task
//   features:          what the shared part hands to the tasks: tensors of the graph through which
//                      alone the losses depend on shared parameters. Needed for
//                      `gradients { at: FEATURES }`, where gradients are combined on them; else
//                      they may be empty, as gradients are combined on the shared parameters.
//   task_parameters:   of each task, or empty altogether
// Parameters are leaves of one type on one device, the same ones in each step of a weighting. What
// is in none of the lists gets no gradient, but for what lies before the features at FEATURES.
// Returns what each loss was multiplied with before gradients were combined, [T] float64.
// There is a backward pass for each task, one after another (one in all for methods that look at
// losses alone): C++ has no batched gradients, so there are no chunks of rows to choose. Beside the
// method's own state it holds a row for each task and two vectors of the parameters' size.
// Error (kUsage) says which of this is not so.
torch::Tensor mtl_backward(const std::vector<torch::Tensor>& losses,
                           const std::vector<torch::Tensor>& features,
                           const std::vector<torch::Tensor>& shared_parameters,
                           const std::vector<std::vector<torch::Tensor>>& task_parameters,
                           MtlWeighting& weighting);

}  // namespace tasuki
