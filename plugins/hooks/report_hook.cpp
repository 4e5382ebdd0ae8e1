#include <torch/torch.h>

#include "plugins/hooks/hooks.pb.h"
#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/hook.h"
#include "tasuki/engine/precision.h"
#include "tasuki/engine/report_builder.h"
#include "tasuki/registry/registry.h"
#include "tasuki/study/affinity.h"

namespace tasuki::hooks {
namespace {

// A copy of a model's tensors, which go back where they were when this ends: later hooks find the
// model that was trained.
class KeptTensors {
 public:
  explicit KeptTensors(const MultiTaskModel& model) {
    for (const auto& [name, tensor] : named_tensors(model)) {
      tensors_.emplace_back(tensor, tensor.detach().clone());
    }
  }
  ~KeptTensors() {
    const torch::NoGradGuard no_grad;
    for (auto& [tensor, copy] : tensors_) tensor.copy_(copy);
  }
  KeptTensors(const KeptTensors&) = delete;
  KeptTensors& operator=(const KeptTensors&) = delete;

 private:
  std::vector<std::pair<torch::Tensor, torch::Tensor>> tensors_;
};

class Report : public Hook {
 public:
  Report(const options::Report& options, const Context&) : samples_(options.samples()) {}

  bool only_observes() const override { return true; }

  void after_run(Run& run, bool finished) override {
    if (!finished || !run.best_evaluation) return;
    auto report = report_of(run.experiment, *run.best_evaluation);
    add_facts(run, report);
    report.history = read_history(run.work_dir / kHistoryFile);
    add_affinities(read_affinities(run.work_dir / kAffinityFile), report);
    report.best_epoch = double(run.best_epoch);
    draw_best(run, report);
    report::write_report(report, run.work_dir / kReportFile);
  }

 private:
  static void add_facts(const Run& run, report::Report& report) {
    const auto& config = run.experiment.config.message();
    const auto fact = [&](const std::string& name, const std::string& value) {
      report.facts.emplace_back(name, value);
    };
    report.title = config.name();
    fact("Checkpoint",
         "best, epoch " + std::to_string(run.best_epoch) + " of " + std::to_string(run.epochs));
    fact("Seed", std::to_string(config.train().seed()));
    fact("Parameters", std::to_string(run.parameters->count()));
    fact("Precision", Precision_Name(run.experiment.precision));
    fact("Device", run.experiment.device.str() + ", " + std::to_string(config.train().threads()) +
                       " threads");
    for (const auto& note : run.notes) report.protocol_notes.push_back("This run: " + note);
    report.command = "tasuki train " + std::string(kConfigFile) + " --work-dir ANOTHER_DIR";
  }

  // How tasks acted on each other over time, where the hook tasuki/Affinity measured it.
  static void add_affinities(const Affinities& affinities, report::Report& report) {
    std::map<std::string, report::ReportSeries> series;
    const auto add = [&](const std::string& name, int64_t epoch, double value) {
      auto& curve = series[name];
      curve.name = name;
      curve.x.push_back(double(epoch));
      curve.y.push_back(value);
    };
    for (const auto& epoch : affinities.epochs) {
      for (const auto& [edge, value] : epoch.affinity) {
        add("affinity/" + edge.text(), epoch.epoch, value);
      }
      for (const auto& [edge, value] : epoch.cosine) {
        // The same both ways.
        if (edge.from < edge.to) {
          add("gradient cosine/" + edge.from + ", " + edge.to, epoch.epoch, value);
        }
      }
    }
    for (auto& [name, curve] : series) report.history.push_back(std::move(curve));
  }

  // The model takes the best weights for the pictures.
  void draw_best(Run& run, report::Report& report) const {
    if (samples_ == 0) return;
    const KeptTensors kept(*run.experiment.model);
    load_weights(*run.experiment.model, run.work_dir / kBestFile);
    const auto wanted = spread_indices(run.validation_source->size(), samples_);
    evaluate(
        run.experiment, *run.validation_source,
        [&](const PredictedSample& sample) { add_panels(report, run.experiment, sample); }, wanted);
  }

  size_t samples_;
};

}  // namespace

TASUKI_REGISTER(Hook, Report, options::Report, "tasuki/Report");

}  // namespace tasuki::hooks
