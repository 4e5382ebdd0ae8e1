#include "tasuki/engine/training.h"

#include <iostream>

#include "tasuki/engine/checkpoint.h"
#include "tools/command.h"

namespace tasuki::tools {
namespace {

struct TrainArguments {
  ConfigOptions config;
  TrainOptions train;
};

void run(TrainArguments& arguments) {
  arguments.train.data_root = arguments.config.root();
  const auto run = train(arguments.config.load(), arguments.train);
  std::cout << "Report: " << (run.work_dir / kReportFile).string() << "\n";
}

void add_resume(CLI::App& command, TrainArguments& arguments) {
  auto* resume = command.add_flag("--resume", arguments.train.resume,
                                  "Go on from the last checkpoint of the work dir; train.epochs "
                                  "may be another number, and what changes no result may be set "
                                  "otherwise");
  command
      .add_flag("--accept-other-machine", arguments.train.accepted.other_machine,
                "Resume with other threads, device or precision than before")
      ->needs(resume);
  command
      .add_flag("--accept-other-build", arguments.train.accepted.other_build,
                "Resume what another Tasuki, LibTorch or compiler began")
      ->needs(resume);
  command
      .add_flag("--accept-changed-data", arguments.train.accepted.changed_data,
                "Resume on other samples than before; results say so")
      ->needs(resume);
}

}  // namespace

void add_train(CLI::App& app) {
  auto options = std::make_shared<TrainArguments>();
  auto* command = app.add_subcommand("train", "Train a config and evaluate it as it goes");
  options->config.add_to(*command);
  command->add_option("--work-dir", options->train.work_dir,
                      "Folder for everything that the run leaves (default: work_dirs/NAME)");
  add_resume(*command, *options);
  auto* init = command
                   ->add_option("--init", options->train.init,
                                "Begin with the weights of this checkpoint (best, last or "
                                "exported), which has to have all of the model's tensors and no "
                                "others")
                   ->type_name("FILE");
  command
      ->add_flag("--init-partial", options->train.init_partial,
                 "Take the tensors of --init that fit by name and shape, and draw the others")
      ->needs(init);
  command->footer(
      "Example: tasuki train configs/rooms/quickstart.pbtxt --set train.epochs=2 "
      "--work-dir work_dirs/try");
  command->callback([options] { run(*options); });
}

}  // namespace tasuki::tools
