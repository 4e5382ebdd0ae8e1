#include <iostream>

#include "tasuki/config/writer.h"
#include "tasuki/engine/checkpoint.h"
#include "tasuki/io/output_folder.h"
#include "tasuki/model/safetensors.h"
#include "tools/command.h"

namespace tasuki::tools {
namespace {

struct ExportOptions {
  ConfigOptions config;
  std::string checkpoint;
  std::string output;
};

// The config of the network that is left: the same without its self-auxiliaries.
std::string inference_text(const ResolvedConfig& config) {
  Config message = config.message();
  message.mutable_model()->clear_self_auxiliary();
  return write_text(message);
}

// The checkpoint may have what the export leaves out.
void check_output(const ExportOptions& options) {
  namespace fs = std::filesystem;
  const auto fail = [&](const std::string& problem) {
    return Error(ErrorKind::kUsage, "-o " + options.output + ": " + problem);
  };
  if (options.output.empty()) throw fail("give the file to write");
  if (fs::is_directory(options.output)) throw fail("is a folder; give the file to write");
  std::error_code none;
  if (fs::equivalent(options.checkpoint, options.output, none)) {
    throw fail("is the checkpoint itself, which holds more than the export; give another file");
  }
  tasuki::check_output(options.output, {options.checkpoint});
}

void export_network(const ExportOptions& options) {
  check_output(options);
  const auto experiment = build_inference(options.config.load_for_machine(), {options.checkpoint});
  auto metadata = read_safetensors_metadata(options.checkpoint);
  metadata.erase("state");
  metadata["format"] = kWeightsFormat;
  metadata["config"] = inference_text(experiment.config);
  write_output(options.output, {options.checkpoint}, [&](const std::filesystem::path& file) {
    write_safetensors(file, {named_tensors(*experiment.model), metadata});
  });
  std::vector<std::string> tasks;
  for (const auto& task : experiment.model->tasks()) tasks.push_back(task.name);
  std::cout << options.output << ": " << join(tasks) << "; " << parameter_count(*experiment.model)
            << " parameters\n";
}

}  // namespace

void add_export(CLI::App& app) {
  auto options = std::make_shared<ExportOptions>();
  auto* command = app.add_subcommand(
      "export", "Write the network that predicts, without what was there for training only");
  options->config.add_to(*command);
  command->add_option("CHECKPOINT", options->checkpoint, "A .safetensors file of `tasuki train`")
      ->required();
  command->add_option("-o,--output", options->output, "The .safetensors file to write")
      ->required()
      ->type_name("FILE");
  command->footer(
      "Decoders of self-auxiliaries and training state are left out; `tasuki eval` and `tasuki "
      "predict` take the file as they take the checkpoint. A FILE that is there already is "
      "replaced only "
      "where it is an export of the same checkpoint.\n"
      "Example: tasuki export configs/rooms/saal_w.pbtxt work_dirs/rooms_saal_w/best.safetensors "
      "-o "
      "rooms.safetensors");
  command->callback([options] { export_network(*options); });
}

}  // namespace tasuki::tools
