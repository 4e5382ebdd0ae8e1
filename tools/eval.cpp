#include <fmt/format.h>

#include <cmath>
#include <iostream>

#include "tasuki/engine/evaluate.h"
#include "tasuki/engine/report_builder.h"
#include "tasuki/io/files.h"
#include "tasuki/io/output_folder.h"
#include "tasuki/model/label_range.h"
#include "tools/command.h"

namespace tasuki::tools {
namespace {

struct EvalOptions {
  ConfigOptions config;
  std::vector<std::string> checkpoints;
  std::string predictions;
  std::string split;
  std::string output;
  size_t samples = 6;
};

void print_table(const Experiment& experiment, const Evaluation& evaluation) {
  const auto& protocol = experiment.config.message().protocol();
  std::cout << fmt::format("Protocol {}, split {}, {} samples, averaging {} (* in the protocol)\n",
                           protocol.name().empty() ? "unnamed" : protocol.name(), evaluation.split,
                           evaluation.samples, Averaging_Name(protocol.averaging()));
  for (const auto& note : protocol.note()) std::cout << "Note: " << note << "\n";
  for (const auto& task : evaluation.tasks) {
    LabelRange range;
    range.add(task.details);
    if (range.outside > 0) std::cout << "Note: " << task.task << ": " << range.text() << "\n";
  }
  for (const auto& task : evaluation.tasks) {
    for (const auto& value : task.values) {
      std::cout << fmt::format(
          "{:<12} {:<14} {:>12} {:<4} {} {}\n", task.task, value.info.name,
          std::isfinite(value.value) ? fmt::format("{:.5f}", value.value) : "not measured",
          value.info.unit, value.info.higher_is_better ? "higher is better" : "lower is better ",
          value.info.in_protocol ? "*" : "");
    }
  }
}

std::filesystem::path output_folder(const EvalOptions& options) {
  if (!options.output.empty()) return options.output;
  if (!options.predictions.empty()) return options.predictions;
  return std::filesystem::path(options.checkpoints.front()).parent_path();
}

OutputFolder::Sources sources(const EvalOptions& options) {
  if (options.checkpoints.empty()) return {options.predictions};
  return {options.checkpoints.begin(), options.checkpoints.end()};
}

void write_results(const EvalOptions& options, const Experiment& experiment,
                   const Evaluation& evaluation, report::Report& report, OutputFolder& outputs) {
  const auto name = "eval_" + evaluation.split;
  auto results = evaluation.json(experiment.config);
  results["config"] = options.config.file;
  results["of"] = options.checkpoints.empty() ? options.predictions : join(options.checkpoints);
  report.title = (experiment.config.message().name().empty()
                      ? std::filesystem::path(options.config.file).stem().string()
                      : experiment.config.message().name()) +
                 ", " + evaluation.split;
  report.facts.emplace_back("Evaluated", results["of"]);
  const auto stage = outputs.stage();
  write_file_atomically(stage / (name + ".json"), results.dump(2) + "\n");
  report::write_report(report, stage / (name + ".html"));
  outputs.publish(sources(options));
  const auto folder = output_folder(options);
  std::cout << "Figures: " << (folder / (name + ".json")).string()
            << "\nReport: " << (folder / (name + ".html")).string() << "\n";
}

void eval(const EvalOptions& options) {
  if (options.checkpoints.empty() == options.predictions.empty()) {
    throw Error(ErrorKind::kUsage,
                "eval needs either a CHECKPOINT or --predictions DIR (tasuki eval --help)");
  }
  if (options.checkpoints.size() > 1 && options.output.empty()) {
    throw Error(ErrorKind::kUsage,
                "several checkpoints are evaluated as one: say with -o DIR where their figures go");
  }
  const auto experiment =
      build_evaluation(options.config.load_for_machine(), options.config.root(), options.split,
                       {options.checkpoints.begin(), options.checkpoints.end()});
  const auto split = options.split.empty() ? experiment.test_split() : options.split;
  OutputFolder outputs(output_folder(options));
  for (const char* ending : {".json", ".html"}) {
    outputs.check("eval_" + split + ending, sources(options));
  }
  const auto source = experiment.source(split, Experiment::Pipeline::kEvaluate);
  std::vector<PredictedSample> shown;
  const auto keep = [&](const PredictedSample& sample) { shown.push_back(sample); };
  const auto wanted = spread_indices(source->size(), options.samples);
  const PredictionSink sink = options.samples == 0 ? PredictionSink() : keep;
  const auto evaluation =
      options.checkpoints.empty()
          ? evaluate_predictions(experiment, *source, options.predictions, sink, wanted)
          : evaluate(experiment, *source, sink, wanted);
  print_table(experiment, evaluation);
  auto report = report_of(experiment, evaluation);
  for (const auto& sample : shown) add_panels(report, experiment, sample);
  write_results(options, experiment, evaluation, report, outputs);
}

}  // namespace

void add_eval(CLI::App& app) {
  auto options = std::make_shared<EvalOptions>();
  auto* command = app.add_subcommand(
      "eval", "Evaluate a checkpoint, or predictions that another program wrote");
  options->config.add_to(*command);
  command->add_option("CHECKPOINT", options->checkpoints,
                      "A .safetensors file of `tasuki train` or `tasuki export`; several (a joint "
                      "model and single-task ones) are evaluated as one: each network is built "
                      "from the config in its file, data and pipelines are CONFIG's");
  command
      ->add_option("--predictions", options->predictions,
                   "Folder with TASK/SAMPLE_ID.png or .npy instead (docs/predictions.md)")
      ->type_name("DIR");
  command->add_option("--split", options->split,
                      "Split of the data set (default: data.test_split)");
  command
      ->add_option("-o,--output", options->output,
                   "Folder for figures and report (default: beside what is evaluated); only those "
                   "of the same checkpoint or predictions are replaced in it")
      ->type_name("DIR");
  command->add_option("--samples", options->samples, "Samples with pictures in the report")
      ->capture_default_str()
      ->check(CLI::Range(0, 100000));
  command->footer(
      "Examples:\n"
      "  tasuki eval configs/rooms/quickstart.pbtxt work_dirs/quickstart/best.safetensors\n"
      "  tasuki eval configs/rooms/quickstart.pbtxt joint.safetensors normal.safetensors "
      "-o together\n"
      "  tasuki eval configs/nyuv2/branched_r50.pbtxt --predictions results/ --split test");
  command->callback([options] { eval(*options); });
}

}  // namespace tasuki::tools
