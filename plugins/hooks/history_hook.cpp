#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "plugins/hooks/hooks.pb.h"
#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/hook.h"
#include "tasuki/io/files.h"
#include "tasuki/registry/registry.h"

namespace tasuki::hooks {
namespace {

using nlohmann::json;

json number(double value) {
  return std::isfinite(value) ? json(value) : json();
}

json numbers(const std::map<std::string, double>& values) {
  json out = json::object();
  for (const auto& [name, value] : values) out[name] = number(value);
  return out;
}

class History : public Hook {
 public:
  History(const options::History&, const Context&) {}

  bool only_observes() const override { return true; }

  // A resumed run keeps the lines of the epochs that it goes on from: a line of an epoch whose
  // checkpoint was not written any more is written again.
  void before_run(Run& run) override {
    lines_.clear();
    const auto file = run.work_dir / kHistoryFile;
    std::istringstream in(run.resumed && path_exists(file) ? read_file(file) : "");
    std::string line;
    while (int64_t(count(lines_)) < run.epoch && std::getline(in, line)) lines_ += line + "\n";
    write_file_atomically(file, lines_);
  }

  void after_epoch(Run& run) override {
    json entry = {{"epoch", run.epoch + 1},
                  {"step", run.step},
                  {"lr", run.last.learning_rate},
                  {"loss", numbers(run.of_primaries(run.epoch_losses))},
                  {"coefficient", numbers(run.last.coefficients)},
                  {"seconds", run.epoch_seconds},
                  {"waited", run.epoch_waited}};
    const auto auxiliary = run.of_auxiliaries(run.epoch_losses);
    if (!auxiliary.empty()) entry["auxiliary_loss"] = numbers(auxiliary);
    const auto extra = run.of_extra(run.epoch_losses);
    if (!extra.empty()) entry["extra_loss"] = numbers(extra);
    if (run.evaluation) {
      entry["val"] = numbers(run.evaluation->flat());
      entry["score"] = number(run.score);
      entry["best"] = run.is_best();
    }
    lines_ += entry.dump() + "\n";
    write_file_atomically(run.work_dir / kHistoryFile, lines_);
    if (run.best_evaluation) write_metrics(run);
  }

 private:
  static size_t count(const std::string& text) {
    return size_t(std::count(text.begin(), text.end(), '\n'));
  }

  static void write_metrics(const Run& run) {
    json out = run.best_evaluation->json(run.experiment.config);
    out["config"] = run.experiment.config.message().name();
    out["epoch"] = run.best_epoch;
    out["score"] = number(run.best_score);
    out["epochs_done"] = run.epoch + 1;
    out["finished"] = run.epoch + 1 == run.epochs;
    if (!run.notes.empty()) out["notes"] = run.notes;
    write_file_atomically(run.work_dir / kMetricsFile, out.dump(2) + "\n");
  }

  std::string lines_;
};

}  // namespace

TASUKI_REGISTER(Hook, History, options::History, "tasuki/History");

}  // namespace tasuki::hooks
