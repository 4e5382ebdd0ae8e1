#include <torch/torch.h>

#include "acme/distill.pb.h"
#include "tasuki/model/decoder.h"
#include "tasuki/registry/registry.h"

namespace acme {
namespace {

namespace nn = torch::nn;

nn::Conv2d conv(int64_t in, int64_t out, int64_t kernel) {
  return nn::Conv2d(nn::Conv2dOptions(in, out, kernel).padding(kernel / 2));
}

// F_t = relu(conv(features of t)); each task goes on with F_t + sum over the others of
// sigmoid(gate(F_a)) * message(F_a).
class Distill : public tasuki::CrossTaskDecoder {
 public:
  Distill(const options::Distill& options, const Context& context)
      : tasks_(context.tasks), weight_(options.first_weight()) {
    const int64_t channels = options.channels();
    tasuki::require_option(channels > 0, "channels", "must be at least 1");
    tasuki::require_option(weight_ > 0, "first_weight", "must be above 0");
    tasuki::require_option(context.stages.back().is_one_grid(), "", "needs one grid of features");
    const int64_t in = context.stages.back().channels();
    for (const auto& [name, outputs] : tasks_) {
      own_.emplace(name, register_module("own_" + name, conv(in, channels, 3)));
      gate_.emplace(name, register_module("gate_" + name, conv(channels, channels, 3)));
      message_.emplace(name, register_module("message_" + name, conv(channels, channels, 3)));
      head_.emplace(name, register_module("head_" + name, conv(channels, outputs, 1)));
      if (!context.training) continue;
      first_.emplace(name, register_training_only(name, conv(channels, outputs, 1)));
    }
  }

  std::vector<tasuki::DecoderOutput> forward(const tasuki::TaskFeatures& features) override {
    std::map<std::string, torch::Tensor> own, sent;
    for (const auto& [name, channels] : tasks_) {
      own[name] = torch::relu(own_.at(name)(features.at(name).back().front().tensor));
      sent[name] = torch::sigmoid(gate_.at(name)(own[name])) * message_.at(name)(own[name]);
    }
    std::vector<tasuki::DecoderOutput> outputs;
    for (const auto& [name, channels] : tasks_) {
      auto mixed = own[name];
      for (const auto& [other, message] : sent) {
        if (other != name) mixed = mixed + message;
      }
      outputs.push_back({name, head_.at(name)(mixed)});
      if (!is_training()) continue;
      outputs.push_back({name, first_.at(name)(own[name]), /*training_only=*/true, weight_});
    }
    return outputs;
  }

 private:
  std::vector<ServedTask> tasks_;
  double weight_;
  std::map<std::string, nn::Conv2d> own_, gate_, message_, head_, first_;
};

TASUKI_REGISTER(tasuki::CrossTaskDecoder, Distill, options::Distill, "acme/Distill");

}  // namespace
}  // namespace acme
