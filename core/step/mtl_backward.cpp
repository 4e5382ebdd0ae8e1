#include "tasuki/step/mtl_backward.h"

#include "tasuki/config/parse.h"
#include "tasuki/error/error.h"
#include "tasuki/registry/plugin_folders.h"
#include "tasuki/step/mtl_binding.h"

namespace tasuki {
namespace {

constexpr const char* kStepInState = "mtl_weighting.step";  // in states

google::protobuf::Any parse_weighting(const std::string& text) {
  announce_plugins();
  Train train;
  parse_text({"weighting { " + text + " }", "MtlWeighting", false, "", nullptr}, train);
  return train.weighting();
}

void check_losses(const std::vector<torch::Tensor>& losses,
                  const std::vector<std::vector<torch::Tensor>>& own) {
  if (losses.empty()) throw mtl_error("there are no losses");
  for (size_t i = 0; i < losses.size(); ++i) {
    if (losses[i].defined() && losses[i].numel() == 1 && losses[i].requires_grad()) continue;
    throw mtl_error("loss " + std::to_string(i) + " is no scalar with a graph");
  }
  if (own.empty() || own.size() == losses.size()) return;
  throw mtl_error("there are " + std::to_string(losses.size()) + " losses, but parameters of " +
                  std::to_string(own.size()) + " tasks");
}

}  // namespace

MtlWeighting::MtlWeighting(const std::string& text, Options options)
    : MtlWeighting(parse_weighting(text), std::move(options)) {}

MtlWeighting::MtlWeighting(const google::protobuf::Any& weighting, Options options)
    : weighting_(weighting), options_(std::move(options)) {}

MtlWeighting::MtlWeighting(MtlWeighting&&) noexcept = default;
MtlWeighting::~MtlWeighting() = default;

void MtlWeighting::start_epoch(int64_t epoch) {
  epoch_ = epoch;
}

void MtlWeighting::after_update(const std::function<std::vector<torch::Tensor>()>& losses) {
  if (!bound_) throw mtl_error("after_update() belongs after a step");
  bound_->after_update(losses);
}

std::map<std::string, torch::Tensor> MtlWeighting::state() const {
  auto state = bound_ ? bound_->weighting().state() : loaded_;
  state[kStepInState] = torch::full({}, steps_, torch::kInt64);
  return state;
}

void MtlWeighting::load_state(const std::map<std::string, torch::Tensor>& state) {
  loaded_ = state;
  const auto step = loaded_.extract(kStepInState);
  if (step.empty()) {
    throw Error(ErrorKind::kData, std::string("MtlWeighting: the state has no ") + kStepInState +
                                      "; it is of another kind");
  }
  steps_ = step.mapped().item<int64_t>();
  // The parameters to check it with come with the next step: until then nobody may write into it.
  for (auto& [name, tensor] : loaded_) tensor = tensor.clone();
  if (bound_) bound_->weighting().load_state(loaded_);
}

torch::Tensor mtl_backward(const std::vector<torch::Tensor>& losses,
                           const std::vector<torch::Tensor>& features,
                           const std::vector<torch::Tensor>& shared_parameters,
                           const std::vector<std::vector<torch::Tensor>>& task_parameters,
                           MtlWeighting& weighting) {
  check_losses(losses, task_parameters);
  if (!weighting.bound_) {
    auto bound =
        std::make_unique<MtlBinding>(weighting.weighting_, weighting.options_, losses.size(),
                                     !features.empty(), shared_parameters, task_parameters);
    if (!weighting.loaded_.empty()) bound->weighting().load_state(weighting.loaded_);
    weighting.bound_ = std::move(bound);
  }
  auto& bound = *weighting.bound_;
  if (!bound.is_of(losses.size(), shared_parameters, task_parameters)) {
    throw mtl_error("the weighting has been used with other parameters; make one for each model");
  }
  const auto draws = Draws::of_step(weighting.options_.seed, weighting.epoch_, weighting.steps_);
  return bound.take_step(losses, features, draws, weighting.epoch_, weighting.steps_++);
}

}  // namespace tasuki
