#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tasuki/engine/resume.h"
#include "tasuki/engine/run.h"
#include "tasuki/engine/trainer.h"
#include "tasuki/model/safetensors.h"

namespace tasuki {

// Files of a work dir.
inline constexpr const char* kBestFile = "best.safetensors";
// While last.safetensors names an older best epoch than best.safetensors holds: the older one.
inline constexpr const char* kPreviousBestFile = "previous_best.safetensors";
inline constexpr const char* kLastFile = "last.safetensors";
inline constexpr const char* kConfigFile = "config.pbtxt";
inline constexpr const char* kHistoryFile = "history.jsonl";
inline constexpr const char* kMetricsFile = "metrics.json";
inline constexpr const char* kReportFile = "report.html";
inline constexpr const char* kLogFile = "train.log";

// What the metadata's "format" says of the two kinds of checkpoint.
inline constexpr const char* kWeightsFormat = "tasuki-weights-1";
inline constexpr const char* kStateFormat = "tasuki-training-state-1";

// Weights alone, for evaluation and prediction: those that were evaluated. Metadata: "format"
// "tasuki-weights-1", "config" (the resolved config), "epoch", "metrics" (JSON of the evaluation,
// if there was one) and its "score" (hexadecimal), "stamp", "data" (JSON: the fingerprints of the
// splits), "notes" (JSON: the run's).
void save_weights(const Run& run, const std::filesystem::path& path);

// Weights and all training state after a finished epoch, or after a step of one
// (Hook::after_step): tensors "model.<name>", "optimizer.<name>", "weighting.<name>", and
// "evaluated.<name>" for those of the model's that a hook has evaluated in the place of its own;
// metadata as above ("epoch": finished ones) and "state" (JSON: epoch, step, best, hooks by name,
// schedules, where each parameter lies in the optimiser's vectors; in the middle of an epoch also
// "within_epoch": its finished steps and what hooks will want to know of them).
void save_training_state(const Run& run, const std::filesystem::path& path);
// Continues from it. Error (kUsage) for what check_resume refuses; strict about every tensor.
void load_training_state(Run& run, std::vector<NamedHook>& hooks, const std::filesystem::path& path,
                         const Accepted& accepted = {});

// After an epoch: best.safetensors where it was the best, and last.safetensors where `last` asks
// for it; after a step: last.safetensors alone. Whenever a kill comes, one of best.safetensors and
// previous_best.safetensors holds the best epoch that last.safetensors names (repair_best).
void save_checkpoints(const Run& run, bool last);

// Weights of either kind of file by the model's names, those that were evaluated, and its metadata.
// Error (kData) where the
// file is another one.
Safetensors read_weights(const std::filesystem::path& path);

// The same weights into a model, strictly: missing, unexpected and mismatched tensors
// are listed. An inference network leaves the decoders of self-auxiliaries in the file.
void load_weights(MultiTaskModel& model, const std::filesystem::path& path);

}  // namespace tasuki
