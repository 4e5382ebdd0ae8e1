#include "tasuki/engine/evaluate.h"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "tasuki/model/label_range.h"
#include "tasuki/predict/views.h"
#include "tasuki/system/elapsed.h"

namespace tasuki {
namespace {

// The image tensor as a picture, its normalisation undone.
cv::Mat picture(const torch::Tensor& image, const Normalization& normalization) {
  const auto mean =
      torch::tensor({normalization.mean[0], normalization.mean[1], normalization.mean[2]});
  const auto deviation =
      torch::tensor({normalization.standard_deviation[0], normalization.standard_deviation[1],
                     normalization.standard_deviation[2]});
  const auto rgb = (image.permute({1, 2, 0}) * deviation + mean).mul(255).round().clamp(0, 255);
  const auto bgr = rgb.flip(2).to(torch::kUInt8).contiguous();
  return cv::Mat(int(bgr.size(0)), int(bgr.size(1)), CV_8UC3, bgr.data_ptr()).clone();
}

// Accumulates one split, sample by sample in order.
class Accumulator {
 public:
  Accumulator(const Experiment& experiment, const SampleSource& source, const PredictionSink& sink,
              const std::vector<size_t>& wanted)
      : experiment_(experiment),
        tasks_(experiment.tasks()),
        sink_(sink),
        wanted_(wanted),
        start_(std::chrono::steady_clock::now()) {
    make_metrics();
    result_.split = source.split();
    result_.samples = source.size();
  }

  bool wants_picture(const SampleInfo& info) const {
    return sink_ && (wanted_.empty() ||
                     std::find(wanted_.begin(), wanted_.end(), info.index) != wanted_.end());
  }

  // Predictions by task, without the batch dimension.
  void add(const Batch& batch, int64_t i, const std::map<std::string, torch::Tensor>& predictions) {
    const auto& info = batch.samples[size_t(i)];
    for (size_t t = 0; t < tasks_.size(); ++t) {
      const auto& task = *tasks_[t];
      try {
        metrics_[t].accumulate(predictions.at(task.name), batch.tensor(task.field)[i]);
      } catch (const Error& wrong) {
        throw wrong.within(place_of(info, task.field, result_.split) + ", task " + task.name);
      }
    }
    if (wants_picture(info)) show(batch, i, predictions);
  }

  // The figures of one image: the states of its tasks' metrics, one behind the other.
  std::vector<double> state_of(const Batch& batch, int64_t i,
                               const std::map<std::string, torch::Tensor>& predictions) const {
    Accumulator one(experiment_, sink_, wanted_, result_);
    one.add(batch, i, predictions);
    std::vector<double> state;
    for (const auto& metrics : one.metrics_) {
      const auto own = metrics.state();
      state.insert(state.end(), own.begin(), own.end());
    }
    return state;
  }

  // Such figures of several images, in their order.
  void merge(const std::vector<double>& states) {
    auto place = states.begin();
    while (place != states.end()) {
      for (size_t t = 0; t < tasks_.size(); ++t) {
        const auto end = place + lengths_[t];
        metrics_[t].merge(std::vector<double>(place, end));
        place = end;
      }
    }
  }

  Evaluation finish() {
    const auto& listed = experiment_.config.message().protocol().metric();
    for (size_t t = 0; t < tasks_.size(); ++t) {
      TaskEvaluation task{tasks_[t]->name, metrics_[t].values(), metrics_[t].details()};
      check_range(task);
      for (auto& value : task.values) {
        const std::string name = task.task + "." + value.info.name;
        if (!listed.empty()) {
          value.info.in_protocol = std::find(listed.begin(), listed.end(), name) != listed.end();
        }
      }
      result_.tasks.push_back(std::move(task));
    }
    result_.seconds = seconds_since(start_);
    return std::move(result_);
  }

 private:
  // Another one of the same split, with nothing in it.
  Accumulator(const Experiment& experiment, const PredictionSink& sink,
              const std::vector<size_t>& wanted, Evaluation empty)
      : experiment_(experiment),
        tasks_(experiment.tasks()),
        sink_(sink),
        wanted_(wanted),
        result_(std::move(empty)) {
    make_metrics();
  }

  void make_metrics() {
    for (const auto* task : tasks_) {
      metrics_.push_back(task->make_metrics());
      lengths_.push_back(std::ptrdiff_t(metrics_.back().state().size()));
    }
  }

  // A task that none of its labels is measured on would seem to be fine.
  void check_range(const TaskEvaluation& task) const {
    LabelRange range;
    range.add(task.details);
    if (!range.is_empty()) return;
    throw Error(ErrorKind::kData, "split " + result_.split + ", task " + task.task + ": " +
                                      range.text() + ": " + kRangeAdvice);
  }

  void show(const Batch& batch, int64_t i,
            const std::map<std::string, torch::Tensor>& predictions) {
    PredictedSample sample;
    sample.info = batch.samples[size_t(i)];
    sample.image = picture(batch.tensor("image")[i].cpu(), sample.info.normalization);
    for (const auto* task : tasks_) {
      const auto& kind = field_kind(task->task->field_kind());
      sample.labels[task->name] = to_mat(batch.tensor(task->field)[i], kind);
      sample.predictions[task->name] = to_mat(predictions.at(task->name), kind);
    }
    sink_(sample);
  }

  const Experiment& experiment_;
  std::vector<const ModelTask*> tasks_;
  const PredictionSink& sink_;
  const std::vector<size_t>& wanted_;
  std::chrono::steady_clock::time_point start_;
  std::vector<TaskMetrics> metrics_;
  std::vector<std::ptrdiff_t> lengths_;  // of their states
  Evaluation result_;
};

// The images of every n-th batch of a split, in order.
class EveryNthBatch : public Sampler {
 public:
  EveryNthBatch(size_t images, size_t batch_size, size_t first, size_t n) {
    for (size_t batch = first; batch * batch_size < images; batch += n) {
      const size_t end = std::min(images, (batch + 1) * batch_size);
      for (size_t i = batch * batch_size; i < end; ++i) order_.push_back(i);
    }
  }
  size_t length() const override { return order_.size(); }
  std::vector<size_t> order(uint64_t, uint64_t) const override { return order_; }

 private:
  std::vector<size_t> order_;
};

std::string bytes_of(const std::vector<double>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(double)};
}

std::vector<double> numbers_of(const std::string& bytes) {
  std::vector<double> numbers(bytes.size() / sizeof(double));
  if (!numbers.empty()) std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return numbers;
}

// Predictions of the samples of a batch, by task, without the batch dimension.
std::vector<std::map<std::string, torch::Tensor>> predict_batch(const Experiment& experiment,
                                                                const Inference& inference,
                                                                const Batch& batch) {
  // The labels stay: metrics are summed on the CPU. Without pinned memory the copy waits by itself.
  const auto images = batch.tensor("image").to(experiment.device, /*non_blocking=*/true);
  std::vector<std::map<std::string, torch::Tensor>> all(size_t(batch.size()));
  for (const auto& [name, values] : predict_views(experiment, inference, images)) {
    for (int64_t i = 0; i < batch.size(); ++i) all[size_t(i)][name] = values[i];
  }
  return all;
}

template <class Function>
void for_each_batch(const Experiment& experiment, const SampleSource& source, Function function) {
  Loader loader(source, experiment.loader_options(Experiment::Pipeline::kEvaluate));
  loader.start(0);
  while (const auto batch = loader.next()) function(*batch);
}

torch::Tensor read_prediction(const ModelTask& task, const std::filesystem::path& folder,
                              const std::string& id, const torch::Tensor& label) {
  const auto stem = folder / task.name / id;
  const auto& kind = field_kind(task.task->field_kind());
  const auto value = to_tensor({&kind, task.task->read_prediction(stem), ""}, {});
  if (value.sizes() == label.sizes()) return value;
  const auto size = [](const torch::Tensor& t) {
    return std::to_string(t.size(-2)) + "x" + std::to_string(t.size(-1));
  };
  throw Error(ErrorKind::kData, stem.string() + ": the prediction is " + size(value) +
                                    ", the label after the evaluation pipeline " + size(label) +
                                    " (height x width); write predictions at the label's size");
}

}  // namespace

nlohmann::json Evaluation::json(const ResolvedConfig& config) const {
  const auto& protocol = config.message().protocol();
  nlohmann::json out = {{"split", split}, {"samples", samples}, {"seconds", seconds}};
  out["protocol"] = {
      {"name", protocol.name()},
      {"averaging", Averaging_Name(protocol.averaging())},
      {"notes", std::vector<std::string>(protocol.note().begin(), protocol.note().end())}};
  auto& metrics = out["protocol"]["metrics"] = nlohmann::json::array();
  for (const auto& task : tasks) {
    auto& entry = out["tasks"][task.task] = task.details;
    for (const auto& value : task.values) {
      entry["metrics"][value.info.name] =
          std::isfinite(value.value) ? nlohmann::json(value.value) : nlohmann::json();
      if (value.info.in_protocol) metrics.push_back(task.task + "." + value.info.name);
    }
  }
  return out;
}

std::map<std::string, double> Evaluation::flat() const {
  std::map<std::string, double> values;
  for (const auto& task : tasks) {
    for (const auto& value : task.values) values[task.task + "." + value.info.name] = value.value;
  }
  return values;
}

Evaluation evaluate(const Experiment& experiment, const SampleSource& source,
                    const PredictionSink& sink, const std::vector<size_t>& wanted) {
  const torch::NoGradGuard no_grad;
  const EvaluationMode mode(experiment);
  const auto inference = inference_of(experiment.config);
  Accumulator accumulator(experiment, source, sink, wanted);
  for_each_batch(experiment, source, [&](const Batch& batch) {
    const auto predictions = predict_batch(experiment, inference, batch);
    for (int64_t i = 0; i < batch.size(); ++i) {
      accumulator.add(batch, i, predictions[size_t(i)]);
    }
  });
  return accumulator.finish();
}

Evaluation evaluate(const Experiment& experiment, const SampleSource& source,
                    Collective& processes) {
  if (processes.size() == 1) return evaluate(experiment, source);
  const torch::NoGradGuard no_grad;
  const EvaluationMode mode(experiment);
  const auto inference = inference_of(experiment.config);
  const PredictionSink no_sink;
  const std::vector<size_t> none;
  Accumulator accumulator(experiment, source, no_sink, none);
  auto options = experiment.loader_options(Experiment::Pipeline::kEvaluate);
  const auto n = size_t(processes.size());
  const size_t batches = (source.size() + options.batch_size - 1) / options.batch_size;
  options.sampler = std::make_shared<EveryNthBatch>(source.size(), options.batch_size,
                                                    size_t(processes.rank()), n);
  Loader loader(source, options);
  loader.start(0);
  for (size_t begun = 0; begun < batches; begun += n) {
    std::vector<double> states;  // of this process' batch, if there is one left for it
    if (const auto batch = loader.next()) {
      const auto predictions = predict_batch(experiment, inference, *batch);
      for (int64_t i = 0; i < batch->size(); ++i) {
        const auto one = accumulator.state_of(*batch, i, predictions[size_t(i)]);
        states.insert(states.end(), one.begin(), one.end());
      }
    }
    for (const auto& bytes : processes.gather(bytes_of(states))) {
      accumulator.merge(numbers_of(bytes));
    }
  }
  return accumulator.finish();
}

Evaluation evaluate_predictions(const Experiment& experiment, const SampleSource& source,
                                const std::filesystem::path& folder, const PredictionSink& sink,
                                const std::vector<size_t>& wanted) {
  const torch::NoGradGuard no_grad;
  Accumulator accumulator(experiment, source, sink, wanted);
  for_each_batch(experiment, source, [&](const Batch& batch) {
    for (int64_t i = 0; i < batch.size(); ++i) {
      std::map<std::string, torch::Tensor> one;
      for (const auto* task : experiment.tasks()) {
        one[task->name] = read_prediction(*task, folder, batch.samples[size_t(i)].id,
                                          batch.tensor(task->field)[i]);
      }
      accumulator.add(batch, i, one);
    }
  });
  return accumulator.finish();
}

std::vector<size_t> spread_indices(size_t n, size_t count) {
  std::vector<size_t> indices;
  for (size_t i = 0; i < std::min(n, count); ++i) {
    indices.push_back((2 * i + 1) * n / (2 * std::min(n, count)));
  }
  return indices;
}

}  // namespace tasuki
