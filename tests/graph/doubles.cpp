// Encoders, decoders and an architecture of the shapes that the first-party ones do not have, in
// the program itself: what the conformance tests and those of the model graph run through.
#include <torch/torch.h>

#include <algorithm>

#include "tasuki/model/architecture.h"
#include "tasuki/registry/registry.h"
#include "tests/graph/doubles.pb.h"

namespace tasuki::test {
namespace {

namespace nn = torch::nn;

nn::Conv2d convolution(int64_t in, int64_t out, int64_t kernel = 1, int64_t stride = 1) {
  return nn::Conv2d(nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2));
}

torch::Tensor enlarge_like(const torch::Tensor& x, const torch::Tensor& like) {
  return torch::upsample_nearest2d(x, like.sizes().slice(2));
}

class StridedStage : public GridStage {
 public:
  StridedStage(int64_t in, int64_t out, const Norm& norm)
      : conv_(register_module("conv", convolution(in, out, 3, 2))), norm_(norm.make(out)) {
    register_module("bn", norm_.ptr());
  }
  torch::Tensor forward(const torch::Tensor& x) override {
    return torch::relu(norm_.forward(conv_(x)));
  }

 private:
  nn::Conv2d conv_;
  NormLayer norm_;
};

// One map -> itself and a coarser one.
class SplitStage : public Stage {
 public:
  SplitStage() {
    fine_ = register_module("fine", convolution(8, 8));
    coarse_ = register_module("coarse", convolution(8, 12, 3, 2));
  }
  FeatureMaps forward(FeatureMaps in) override {
    const auto& x = in.at(0).tensor;
    return {{torch::tanh(fine_(x))}, {torch::tanh(coarse_(x))}};
  }

 private:
  nn::Conv2d fine_{nullptr}, coarse_{nullptr};
};

// Each branch gets the other one's map.
class FuseStage : public Stage {
 public:
  FuseStage() {
    up_ = register_module("up", convolution(12, 8));
    down_ = register_module("down", convolution(8, 12, 3, 2));
  }
  FeatureMaps forward(FeatureMaps in) override {
    const auto fine = in.at(0).tensor, coarse = in.at(1).tensor;
    return {in[0].with(torch::tanh(fine + enlarge_like(up_(coarse), fine))),
            in[1].with(torch::tanh(coarse + down_(fine)))};
  }

 private:
  nn::Conv2d up_{nullptr}, down_{nullptr};
};

class MergeStage : public Stage {
 public:
  FeatureMaps forward(FeatureMaps in) override {
    const auto& fine = in.at(0).tensor;
    const auto all = torch::cat({fine, enlarge_like(in.at(1).tensor, fine)}, 1);
    return {{torch::tanh(merge_(all))}};
  }

 private:
  nn::Conv2d merge_{register_module("merge", convolution(20, 16))};
};

class TwoBranches : public Encoder {
 public:
  TwoBranches(const options::test::TwoBranches& options, const Context& context)
      : norm_(context.norm) {
    if (!options.has_merge() || options.merge()) stages_.emplace_back("merge", "merge.", 16, 2);
  }
  const std::vector<StageInfo>& stages() const override { return stages_; }
  std::shared_ptr<Stage> make_stage(size_t index) const override {
    if (index == 0) return std::make_shared<StridedStage>(3, 8, *norm_);
    if (index == 1) return std::make_shared<SplitStage>();
    if (index == 2) return std::make_shared<FuseStage>();
    return std::make_shared<MergeStage>();
  }

 private:
  std::shared_ptr<const Norm> norm_;
  std::vector<StageInfo> stages_ = {{"stem", "", 8, 2},
                                    {"split", "split.", {{8, 2}, {12, 4}}},
                                    {"fuse", "fuse.", {{8, 2}, {12, 4}}}};
};

constexpr int64_t kPatch = 4, kWidth = 12;

// The image's patches, those that overhang filled up with zeros.
class EmbedStage : public Stage {
 public:
  EmbedStage() {
    proj_ =
        register_module("proj", nn::Conv2d(nn::Conv2dOptions(3, kWidth, kPatch).stride(kPatch)));
    token_ = register_parameter("cls_token", torch::randn({1, 1, kWidth}));
  }
  FeatureMaps forward(FeatureMaps in) override {
    const auto& x = in.at(0).tensor;
    const auto missing = [](int64_t size) { return (kPatch - size % kPatch) % kPatch; };
    const auto map =
        proj_(torch::constant_pad_nd(x, {0, missing(x.size(3)), 0, missing(x.size(2))}));
    const auto patches = map.flatten(2).transpose(1, 2);
    const auto all = torch::cat({token_.expand({x.size(0), 1, kWidth}), patches}, 1);
    return {FeatureMap::tokens(all, map.size(2), map.size(3), 1)};
  }

 private:
  nn::Conv2d proj_{nullptr};
  torch::Tensor token_;
};

// The class token meets the mean of all.
class BlockStage : public Stage {
 public:
  FeatureMaps forward(FeatureMaps in) override {
    const auto& x = in.at(0).tensor;
    return {in[0].with(torch::tanh(x + mlp_(x + x.mean(1, true))))};
  }

 private:
  nn::Linear mlp_{register_module("mlp", nn::Linear(kWidth, kWidth))};
};

class Patches : public Encoder {
 public:
  Patches(const options::test::Patches&, const Context&) {}
  const std::vector<StageInfo>& stages() const override { return stages_; }
  std::shared_ptr<Stage> make_stage(size_t index) const override {
    if (index == 0) return std::make_shared<EmbedStage>();
    return std::make_shared<BlockStage>();
  }

 private:
  static constexpr auto kTokens = FeatureMap::Kind::kTokens;
  std::vector<StageInfo> stages_ = {{"embed", "", {{kWidth, kPatch, kTokens}}},
                                    {"block0", "block0.", {{kWidth, kPatch, kTokens}}},
                                    {"block1", "block1.", {{kWidth, kPatch, kTokens}}}};
};

class TokenHead : public Decoder {
 public:
  TokenHead(const options::test::TokenHead& options, const Context& context) : options_(options) {
    for (const auto& stage : context.stages) {
      require_option(stage.maps[0].kind == FeatureMap::Kind::kTokens, "", "needs tokens");
    }
    const int64_t in = context.stages.back().channels();
    head_ = register_module("head", convolution(in, context.out_channels));
    if (!context.training) return;
    early_ = register_training_only("early", convolution(in, context.out_channels));
  }

  torch::Tensor forward(const RouteFeatures& features) override {
    if (is_training()) supervise(early_output(features.front().at(0).as_grid()));
    const auto& last = features.back().at(0);
    const auto token = last.tensor.select(1, 0).unsqueeze(-1).unsqueeze(-1);
    return head_(last_features(last.as_grid() + token));
  }

 private:
  DecoderOutput early_output(const torch::Tensor& features) {
    DecoderOutput output;
    output.logits = early_(features);
    output.weight = options_.weight();
    if (options_.at_logits()) output.at = DecoderOutput::At::kLogits;
    output.losses.assign(options_.loss().begin(), options_.loss().end());
    return output;
  }

  options::test::TokenHead options_;
  nn::Conv2d head_{nullptr}, early_{nullptr};
};

class Distill : public CrossTaskDecoder {
 public:
  Distill(const options::test::Distill& options, const Context& context)
      : fault_(options.fault()), tasks_(context.tasks) {
    require_option(context.stages.back().is_one_grid(), "", "needs one grid");
    const int64_t in = context.stages.back().channels();
    for (const auto& task : tasks_) {
      const auto& name = task.name;
      own_.emplace(name, register_module("own_" + name, convolution(in, 8)));
      gate_.emplace(name, register_module("gate_" + name, convolution(8, 8)));
      head_.emplace(name, register_module("head_" + name, convolution(8, task.channels)));
      if (!context.training) continue;
      first_.emplace(name, register_training_only(name, convolution(8, task.channels)));
    }
  }

  std::vector<DecoderOutput> forward(const TaskFeatures& features) override {
    std::map<std::string, torch::Tensor> own;
    for (auto& [name, conv] : own_) {
      own[name] = torch::tanh(conv(features.at(name).back().at(0).tensor));
    }
    std::vector<DecoderOutput> outputs;
    for (const auto& task : tasks_) {
      auto mixed = own.at(task.name);
      for (const auto& other : tasks_) {
        const auto& x = own.at(other.name);
        mixed = mixed + torch::sigmoid(gate_.at(other.name)(x)) * x;
      }
      const auto logits = head_.at(task.name)(last_features(task.name, mixed));
      if (fault_ != 1) outputs.push_back({task.name, logits});
      if (fault_ == 2) outputs.push_back({task.name, logits});
      if (fault_ == 3) outputs.push_back({task.name + "s", logits});
      if (!is_training()) continue;
      outputs.push_back({task.name, first_.at(task.name)(own.at(task.name)), true, 0.25});
    }
    return outputs;
  }

  std::set<std::string> tasks_of(const std::string& parameter) const override {
    for (const auto& task : tasks_) {
      if (parameter.starts_with("head_" + task.name + ".") ||
          parameter.starts_with("training_only." + task.name + ".")) {
        return {task.name};
      }
    }
    return {};
  }

 private:
  uint32_t fault_;
  std::vector<ServedTask> tasks_;
  std::map<std::string, nn::Conv2d> own_, gate_, head_, first_;
};

// A column of all stages for each route; behind each stage a route goes on with a mean of all
// columns' maps, weighted by its gate.
class Gated : public Architecture {
 public:
  Gated(const options::test::Gated& options, const Context& context)
      : coefficient_(options.coefficient()),
        routes_(context.routes),
        stages_(context.encoder->stages()) {
    for (size_t i = 0; i < stages_.size(); ++i) {
      for (const auto& route : routes_) {
        const auto name = stages_[i].name + "_" + route;
        columns_.push_back(register_module(name, context.encoder->make_stage(i)));
        const auto gate = torch::randn({int64_t(routes_.size())}) * 0.1;
        gates_.push_back(register_parameter("gate_" + name, gate));
      }
    }
  }

  std::map<std::string, RouteFeatures> forward(const torch::Tensor& image,
                                               const std::vector<std::string>& routes) override {
    std::vector<FeatureMaps> in(routes_.size(), {FeatureMap{image}});
    std::map<std::string, RouteFeatures> all;
    torch::Tensor entropy = torch::zeros({});
    const double temperature = temperature_now();
    for (size_t i = 0; i < stages_.size(); ++i) {
      std::vector<FeatureMaps> made, mixed;
      for (size_t t = 0; t < routes_.size(); ++t) {
        made.push_back(run_stage(stages_[i], *columns_[i * routes_.size() + t], in[t]));
      }
      for (size_t t = 0; t < routes_.size(); ++t) {
        const auto gate = torch::softmax(gates_[i * routes_.size() + t] / temperature, 0);
        entropy = entropy - (gate * gate.log()).sum();
        mixed.push_back(mix(made, gate));
        all[routes_[t]].push_back(mixed.back());
      }
      in = mixed;
    }
    std::erase_if(all, [&](const auto& item) {
      return std::find(routes.begin(), routes.end(), item.first) == routes.end();
    });
    add_loss({"gate_entropy", entropy, coefficient_});
    return all;
  }

  // What comes behind the last stage's columns.
  NamedParameters own_parameters(const std::string& route) const override {
    NamedParameters own;
    for (const auto& item : named_parameters()) {
      const bool last = item.key() == "gate_" + stages_.back().name + "_" + route;
      if (last || routes_.size() == 1) own.emplace_back(item.key(), item.value());
    }
    return own;
  }
  bool one_way_transfer_possible(const std::string&) const override { return false; }
  std::vector<std::pair<size_t, Stage*>> stage_modules() const override {
    std::vector<std::pair<size_t, Stage*>> modules;
    for (size_t i = 0; i < columns_.size(); ++i) {
      modules.emplace_back(i / routes_.size(), columns_[i].get());
    }
    return modules;
  }

 private:
  // The gates harden from epoch to epoch, and stay as hard in a checkpoint.
  double temperature_now() {
    if (progress().epochs > 0) temperature_.fill_(1.0 / double(1 + progress().epoch));
    return temperature_.item<double>();
  }

  static FeatureMaps mix(const std::vector<FeatureMaps>& columns, const torch::Tensor& gate) {
    FeatureMaps mixed = columns[0];
    for (size_t k = 0; k < mixed.size(); ++k) {
      torch::Tensor sum = torch::zeros({});
      for (size_t j = 0; j < columns.size(); ++j) {
        sum = sum + columns[j][k].tensor * gate[int64_t(j)];
      }
      mixed[k].tensor = sum;
    }
    return mixed;
  }

  double coefficient_;
  std::vector<std::string> routes_;
  std::vector<StageInfo> stages_;
  std::vector<std::shared_ptr<Stage>> columns_;  // stage by stage
  std::vector<torch::Tensor> gates_;
  torch::Tensor temperature_{register_buffer("temperature", torch::ones({}))};
};

TASUKI_REGISTER(Encoder, TwoBranches, options::test::TwoBranches, "test/TwoBranches");
TASUKI_REGISTER(Encoder, Patches, options::test::Patches, "test/Patches");
TASUKI_REGISTER(Decoder, TokenHead, options::test::TokenHead, "test/TokenHead");
TASUKI_REGISTER(CrossTaskDecoder, Distill, options::test::Distill, "test/Distill");
TASUKI_REGISTER(Architecture, Gated, options::test::Gated, "test/Gated");

}  // namespace
}  // namespace tasuki::test
