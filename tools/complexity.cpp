#include <fmt/format.h>
#include <torch/torch.h>

#include <iostream>

#include "core/engine/experiment.h"
#include "core/model/flops.h"
#include "tools/command.h"
#include "tools/shortcuts.h"

namespace tasuki::tools {
namespace {

struct ComplexityOptions {
  ConfigOptions config;
  std::vector<int> size;  // height, width; empty: a sample's
};

// What a network costs for one image.
struct Cost {
  int64_t parameters = 0;
  int64_t forward = 0;   // FLOPs
  int64_t backward = 0;  // FLOPs, of every objective into every parameter
};

// A part of the network and what it costs by itself.
struct Part {
  std::string name;
  Cost cost;
};

int64_t count(const std::vector<torch::Tensor>& parameters) {
  int64_t total = 0;
  for (const auto& parameter : parameters) total += parameter.numel();
  return total;
}

int64_t count(const Architecture::NamedParameters& parameters) {
  int64_t total = 0;
  for (const auto& item : parameters) total += item.second.numel();
  return total;
}

std::vector<std::string> routes_of(const MultiTaskModel& model) {
  std::vector<std::string> routes;
  for (const auto& task : model.tasks()) routes.push_back(task.name);
  return routes;
}

Cost cost_of(MultiTaskModel& model, const torch::Tensor& image) {
  FlopCounter counter;
  Cost cost;
  cost.parameters = count(model.parameters());
  torch::Tensor sum = torch::zeros({});
  for (const auto& [name, logits] : model.forward(image, model.objectives())) {
    sum = sum + logits.sum();
  }
  cost.forward = counter.take();
  sum.backward();
  cost.backward = counter.take();
  return cost;
}

int64_t encoder_flops(MultiTaskModel& model, const torch::Tensor& image,
                      const std::vector<std::string>& routes) {
  FlopCounter counter;
  if (!routes.empty()) model.architecture().forward(image, routes);
  return counter.take();
}

// The encoder's shared part, what each route adds to the others, each decoder.
std::vector<Part> parts_of(MultiTaskModel& model, const torch::Tensor& image) {
  const torch::NoGradGuard no_grad;
  const auto routes = routes_of(model);
  Cost shared{count(model.architecture().parameters()), encoder_flops(model, image, routes)};
  const int64_t whole = shared.forward;
  std::vector<Part> parts = {{"encoder, shared", {}}};
  for (const auto& route : routes) {
    auto others = routes;
    std::erase(others, route);
    const Cost own{
        count(model.architecture().own_parameters(route)),
        others.empty() && routes.size() == 1 ? whole : whole - encoder_flops(model, image, others)};
    shared.parameters -= own.parameters;
    shared.forward -= own.forward;
    if (own.parameters > 0) parts.push_back({"encoder, " + route + " only", own});
  }
  parts.front().cost = shared;
  for (const auto& objective : model.objectives()) {
    FlopCounter counter;
    model.forward(image, {objective});
    Cost cost{0, counter.take() - encoder_flops(model, image, {objective.route})};
    for (const auto& item : model.named_parameters()) {
      if (item.key().starts_with("decoder." + objective.name + ".")) {
        cost.parameters += item.value().numel();
      }
    }
    parts.push_back(
        {(objective.auxiliary ? "self-auxiliary " : "decoder ") + objective.name, cost});
  }
  return parts;
}

// Of the first sample of the training split behind the evaluation pipeline.
std::vector<int> size_of_a_sample(const ResolvedConfig& config, const std::filesystem::path& root) {
  Experiment experiment;
  experiment.config = config;
  SampleSource::Options options;
  options.all_fields = true;
  const SampleSource source(build_dataset(config, root), experiment.train_split(),
                            build_pipeline(config, Experiment::Pipeline::kEvaluate), options);
  const auto size = source.get(0, 0).size();
  return {size.height, size.width};
}

std::string giga(int64_t flops) {
  return fmt::format("{:.3f}", double(flops) / 1e9);
}

std::string ratio(int64_t more, int64_t less) {
  return less == 0 ? "" : fmt::format("{:.2f}", double(more) / double(less));
}

void row(const std::string& name, const std::string& a, const std::string& b,
         const std::string& c) {
  std::cout << fmt::format("{:<30}{:>16}{:>16}{:>10}\n", name, a, b, c);
}

void print(const Cost& training, const Cost& inference, const std::vector<Part>& parts) {
  row("", "training", "inference", "ratio");
  row("parameters", std::to_string(training.parameters), std::to_string(inference.parameters),
      ratio(training.parameters, inference.parameters));
  row("forward, GFLOPs", giga(training.forward), giga(inference.forward),
      ratio(training.forward, inference.forward));
  row("forward + backward, GFLOPs", giga(training.forward + training.backward), "-", "");
  std::cout << "\n";
  row("part, in training", "parameters", "GFLOPs", "");
  for (const auto& part : parts) {
    row(part.name, std::to_string(part.cost.parameters), giga(part.cost.forward), "");
  }
}

void complexity(const ComplexityOptions& options) {
  const auto config = options.config.load();
  ConfigOptions as_defined = options.config;
  for (const auto& assignment : without_shortcuts(config)) {
    as_defined.assignments.push_back(assignment);
  }
  const auto plain = as_defined.load();
  const auto size =
      options.size.empty() ? size_of_a_sample(config, options.config.root()) : options.size;
  const auto image = torch::zeros({1, 3, size[0], size[1]});
  const auto no_names = [](const std::string&) { return std::vector<std::string>(); };
  MultiTaskModel training(plain, no_names, Network::kTraining);
  MultiTaskModel inference(plain, no_names, Network::kInference);
  // BatchNorm has no statistics of one pixel, which is all that is left behind global pooling.
  training.eval();
  inference.eval();
  const Cost of_training = cost_of(training, image), of_inference = cost_of(inference, image);
  std::cout << fmt::format("{}: one image of {}x{} (height x width)\n", options.config.file,
                           size[0], size[1]);
  print(of_training, of_inference, parts_of(training, image));
}

}  // namespace

void add_complexity(CLI::App& app) {
  auto options = std::make_shared<ComplexityOptions>();
  auto* command = app.add_subcommand(
      "complexity", "Parameters and FLOPs of a config's network, in training and at inference");
  options->config.add_to(*command);
  command
      ->add_option("--size", options->size, "Height and width of the image (default: a sample's)")
      ->expected(2)
      ->check(CLI::PositiveNumber)
      ->type_name("HEIGHT WIDTH");
  command->footer(
      "FLOPs: two for each multiply-add of convolutions and matrix products, as the layers are "
      "defined, whatever shortcut computes them; papers that count multiply-adds state half. "
      "Training is one step with all objectives and equal weights; what a weighting adds to it is "
      "measured by `tasuki bench`.\n"
      "Example: tasuki complexity configs/nyuv2/saal_w_r50.pbtxt --size 288 384");
  command->callback([options] { complexity(*options); });
}

}  // namespace tasuki::tools
