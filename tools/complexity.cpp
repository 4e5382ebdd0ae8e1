#include <fmt/format.h>
#include <torch/torch.h>

#include <iostream>

#include "tasuki/engine/experiment.h"
#include "tasuki/engine/parameter_options.h"
#include "tasuki/engine/process_settings.h"
#include "tasuki/model/complexity.h"
#include "tasuki/model/exact_shortcuts.h"
#include "tasuki/model/flops.h"
#include "tools/command.h"

namespace tasuki::tools {
namespace {

struct ComplexityOptions {
  ConfigOptions config;
  std::vector<int> size;  // height, width; empty: a sample's
  bool parameters = false;
};

std::shared_ptr<const Dataset> dataset_of(const ResolvedConfig& config,
                                          const std::filesystem::path& root) {
  try {
    return build_dataset(config, root);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kData) throw;
    throw Error(error.kind(), std::string(error.what()) +
                                  "; without data, give the image's size: --size HEIGHT WIDTH");
  }
}

// Of the first sample of the training split behind the evaluation pipeline; of the validation split
// where a pack has no such samples.
std::vector<int> size_of_a_sample(const ResolvedConfig& config, const std::filesystem::path& root) {
  Experiment experiment;
  experiment.config = config;
  SampleSource::Options options;
  options.all_fields = true;
  const auto dataset = dataset_of(config, root);
  check_split(config, *dataset, "data.train_split", experiment.train_split());
  auto input = pipeline_input(config, dataset, Experiment::Pipeline::kEvaluate);
  const auto split = has_split(*input.dataset, experiment.train_split())
                         ? experiment.train_split()
                         : experiment.validation_split();
  const SampleSource source(input.dataset, split, std::move(input.transforms), options);
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
  std::cout << fmt::format("{:<30}{:>16}{:>16}{:>15}\n", name, a, b, c);
}

void print(const NetworkCost& training, const NetworkCost& inference, const MultiTaskModel& model) {
  const int64_t forward = total(training.forward), at_inference = total(inference.forward);
  row("", "training", "inference", "ratio");
  row("parameters", std::to_string(training.parameters), std::to_string(inference.parameters),
      ratio(training.parameters, inference.parameters));
  row("forward, GFLOPs", giga(forward), giga(at_inference), ratio(forward, at_inference));
  row("forward + backward, GFLOPs", giga(forward + training.backward), "-", "");
  std::cout << "\n";
  row("part", "parameters", "forward GFLOPs", "");
  auto flops = training.forward;
  for (const auto& [part, parameters] : parameters_by_part(model)) {
    row(part, std::to_string(parameters), giga(flops[part]),
        is_auxiliary_tensor(part + ".") ? "training only" : "");
    flops.erase(part);
  }
  // What an architecture of a plugin does not mark by itself.
  for (const auto& [part, count] : flops) row(part.empty() ? "other" : part, "", giga(count), "");
}

// How training treats the parameters, where the config treats some otherwise than others, and each
// of them on demand.
void print_parameters(const ComplexityOptions& options, const ResolvedConfig& config,
                      const std::vector<ParameterInfo>& parameters) {
  if (has_parameter_options(config.message().train())) {
    std::cout << "\n" << parameter_table(parameters);
  }
  if (options.parameters) std::cout << "\n" << parameter_list(parameters);
}

void complexity(const ComplexityOptions& options) {
  const auto config = options.config.load();
  at::set_num_threads(threads_for(config.message().train().threads()));
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
  auto parameters = list_parameters(training);
  apply_parameter_options(plain, training, parameters);
  // BatchNorm has no statistics of one pixel, which is all that is left behind global pooling.
  training.eval();
  inference.eval();
  const auto of_training = network_cost(training, image);
  const auto of_inference = network_cost(inference, image);
  std::cout << fmt::format("{}: one image of {}x{} (height x width)\n", options.config.file,
                           size[0], size[1]);
  print(of_training, of_inference, training);
  print_parameters(options, plain, parameters);
}

}  // namespace

void add_complexity(CLI::App& app) {
  auto options = std::make_shared<ComplexityOptions>();
  auto* command = app.add_subcommand(
      "complexity", "Parameters and FLOPs of a config's network, in training and at inference");
  options->config.add_to(*command);
  command
      ->add_option("--size", options->size,
                   "Height and width of the image (default: a sample's, which takes the data)")
      ->expected(2)
      ->check(kAboveZero)
      ->type_name("HEIGHT WIDTH");
  command->add_flag(
      "--parameters", options->parameters,
      "List every parameter by the name that a pattern of train.parameters fits, with "
      "its kind, shape, multipliers, and whether it is frozen");
  command->footer(
      "FLOPs: two for each multiply-add of convolutions and matrix products, as the layers are "
      "defined, whatever shortcut computes them; papers that count multiply-adds state half. "
      "Training is one step with all objectives and equal weights; what a weighting adds to it is "
      "measured by `tasuki bench`.\n"
      "Example: tasuki complexity configs/nyuv2/saal_w_r50.pbtxt --size 288 384");
  command->callback([options] { complexity(*options); });
}

}  // namespace tasuki::tools
