#include <torch/torch.h>

#include <algorithm>
#include <sstream>

#include "plugins/hooks/event_log.h"
#include "plugins/hooks/hooks.pb.h"
#include "tasuki/engine/hook.h"
#include "tasuki/predict/views.h"
#include "tasuki/registry/registry.h"

namespace tasuki::hooks {
namespace {

constexpr const char* kFolder = "tensorboard";

// As TensorBoard's Markdown shows it unchanged.
std::string verbatim(const std::string& text) {
  std::string out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out += "    " + line + "\n";
  return out;
}

std::string as_list(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += "- " + line + "\n";
  return out;
}

class TensorBoard : public Hook {
 public:
  TensorBoard(const options::TensorBoard& options, const Context&)
      : every_(options.every_steps()), images_(options.images()) {}

  bool only_observes() const override { return true; }
  // Called before EMA puts the model's own weights back: pictures are of what was evaluated.
  int default_priority() const override { return 65; }

  void before_run(Run& run) override {
    log_ = std::make_unique<EventLog>(run.work_dir / kFolder, run.step, run.resumed);
    if (!log_->has("config")) log_->text("config", verbatim(run.experiment.config.text()));
    if (!run.notes.empty()) log_->text("notes", as_list(run.notes));
    log_->write(run.step);
    shown_ = spread_indices(run.validation_source->size(), images_);
  }

  void after_step(Run& run) override {
    if (every_ == 0 || run.step % every_ != 0) return;
    add_losses("", run, run.last.losses);
    add("coefficient/", run.last.coefficients);
    log_->scalar("learning_rate", run.last.learning_rate);
    if (run.momentum) log_->scalar("momentum", run.optimizer->momentum().momentum);
    if (run.last.gradient_norm) log_->scalar("gradient_norm", *run.last.gradient_norm);
    log_->write(run.step);
  }

  void after_evaluation(Run& run) override {
    if (!run.evaluation) return;
    const torch::NoGradGuard no_grad;
    const EvaluationMode mode(run.experiment);
    for (const size_t index : shown_) add_pictures(run, index);
    log_->write(run.step);
  }

  void after_epoch(Run& run) override {
    add_losses("epoch_", run, run.epoch_losses);
    log_->scalar("epoch", double(run.epoch + 1));
    if (run.evaluation) {
      const auto split = run.evaluation->split + "/";
      add(split, run.evaluation->flat());
      log_->scalar(split + "score", run.score);
    }
    log_->write(run.step);
  }

 private:
  void add(const std::string& prefix, const std::map<std::string, double>& values) {
    for (const auto& [name, value] : values) log_->scalar(prefix + name, value);
  }

  void add_losses(const std::string& prefix, const Run& run,
                  const std::map<std::string, double>& losses) {
    add(prefix + "loss/", run.of_primaries(losses));
    add(prefix + "auxiliary_loss/", run.of_auxiliaries(losses));
    add(prefix + "extra_loss/", run.of_extra(losses));
  }

  // Image and labels stay the same, and are written once.
  void add_pictures(const Run& run, size_t index) {
    const auto once = [&](const std::string& tag, const cv::Mat& picture) {
      if (!log_->has(tag)) log_->picture(tag, picture);
    };
    const Sample sample = run.validation_source->get(0, index);
    once(sample.id + "/image", sample.field("image").value);
    const auto predictions = predict(run.experiment, sample, index);
    for (const auto* entry : run.experiment.tasks()) {
      const auto& label = sample.field(entry->field).value;
      const auto range = entry->task->value_range(label);
      const auto tag = sample.id + "/" + entry->name;
      once(tag + " label", entry->task->draw(label, range));
      const auto& kind = field_kind(entry->task->field_kind());
      const auto prediction = to_mat(predictions.at(entry->name)[0], kind);
      log_->picture(tag + " prediction", entry->task->draw(prediction, range));
    }
  }

  // As a batch of evaluation that has no other sample.
  static std::map<std::string, torch::Tensor> predict(const Experiment& experiment,
                                                      const Sample& sample, size_t index) {
    const auto batch = collate({sample}, {index}, {"image"}, false, experiment.channels_last());
    return predict_views(experiment, inference_of(experiment.config),
                         batch.tensor("image").to(experiment.device));
  }

  int64_t every_;
  size_t images_;
  std::vector<size_t> shown_;  // samples of the validation split
  std::unique_ptr<EventLog> log_;
};

}  // namespace

TASUKI_REGISTER(Hook, TensorBoard, options::TensorBoard, "tasuki/TensorBoard");

}  // namespace tasuki::hooks
