#include "tasuki/engine/training.h"

#include <fstream>
#include <iostream>

#include "tasuki/distributed/process_team.h"
#include "tasuki/engine/checkpoint.h"
#include "tools/command.h"

namespace tasuki::tools {
namespace {

constexpr const char* kProcesses = "--processes";

struct TrainArguments {
  ConfigOptions config;
  TrainOptions train;
  int processes = 1;
};

void train_here(TrainArguments& arguments) {
  arguments.train.data_root = arguments.config.root();
  const auto run = train(arguments.config.load(), arguments.train);
  if (arguments.train.processes != nullptr && !arguments.train.processes->is_first()) return;
  std::cout << "Report: " << (run.work_dir / kReportFile).string() << "\n";
}

// One of the processes of a training. Of what ends them all, whoever it happens to tells, the
// others are silent.
void train_with_others(TrainArguments& arguments, const Launch& launch) {
  const auto group = join_processes(launch);
  arguments.train.processes = group.get();
  try {
    train_here(arguments);
  } catch (const ProcessLost& lost) {
    // A process that was killed is seen by whoever started it here, and by nobody elsewhere.
    const bool starter_tells = !launch.file.empty();
    if (launch.rank == 0 && !lost.is_told() && !starter_tells) throw;
    throw CLI::RuntimeError(kOtherProcessFailed);
  } catch (const std::exception& failure) {
    if (group->fail(failure.what())) throw;
    throw CLI::RuntimeError(kOtherProcessFailed);  // they all fail alike, and one has told it
  }
}

// This command line without its --processes N.
std::vector<std::string> command_of_each() {
  std::vector<std::string> words = {std::filesystem::read_symlink("/proc/self/exe").string()};
  std::ifstream line("/proc/self/cmdline");
  std::string word;
  std::getline(line, word, '\0');
  while (std::getline(line, word, '\0')) {
    if (word == kProcesses) {
      std::getline(line, word, '\0');
    } else if (!word.starts_with(std::string(kProcesses) + "=")) {
      words.push_back(word);
    }
  }
  return words;
}

void run(TrainArguments& arguments) {
  const auto launch = launch_of_process();
  if (arguments.processes > 1 && launch) {
    throw Error(ErrorKind::kUsage, std::string(kProcesses) + ": this process was started by " +
                                       launch->origin + " as one of " +
                                       std::to_string(launch->size) +
                                       "; leave the option out, or start it by itself");
  }
  if (launch) return train_with_others(arguments, *launch);
  if (arguments.processes == 1) return train_here(arguments);
  if (!has_process_groups()) {
    throw Error(ErrorKind::kUsage, std::string(kProcesses) +
                                       ": this Tasuki was built for one process, because Gloo's "
                                       "headers were not found (Debian: libgloo-dev)");
  }
  const int code = run_processes(command_of_each(), arguments.processes, std::cerr);
  if (code != 0) throw CLI::RuntimeError(code);
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
  command
      ->add_option(kProcesses, options->processes,
                   "Train in so many processes of this machine, which share each batch; torchrun, "
                   "mpirun and srun start them on several machines")
      ->check(kAboveZero)
      ->type_name("N");
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
