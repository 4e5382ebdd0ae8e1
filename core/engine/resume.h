#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "tasuki/engine/run.h"

namespace tasuki {

// In what a run may differ from the one that it goes on from. Each is refused, with what differs,
// unless it is accepted; then it is one of the run's notes.
struct Accepted {
  bool other_build = false;  // Tasuki, LibTorch, compiler: numbers may differ in their last digits
  bool other_machine = false;  // threads, device, precision: the same
  bool changed_data = false;   // other samples than before
};

// Holds the metadata of a training state against the run that is to go on from it. Sets run.data,
// and adds to run.notes what is accepted. Error (kUsage) for what is not, and for what can't be: a
// config of other results, fewer epochs than are finished.
struct ResumeCheck {
  bool training_data_changed = false;
  bool validation_data_changed = false;
};
ResumeCheck check_resume(Run& run, const std::map<std::string, std::string>& metadata,
                         const std::filesystem::path& file, const Accepted& accepted);

// Error (kUsage) when tensors "model.decoder.NAME..." of a training state are of other objectives
// than the run's: a selection that the config reads has changed.
void check_objectives(const Run& run, const std::vector<std::string>& tensor_names,
                      const std::filesystem::path& file);

// A score as checkpoints hold it: hexadecimal, without loss.
std::string score_text(double score);

// After a training state was loaded: makes the best checkpoint in `work_dir` that of run.best_epoch
// again, where a kill came between the writing of one and of the other, or else forgets the best
// epoch, with a note.
void repair_best(Run& run, const std::filesystem::path& work_dir);

}  // namespace tasuki
