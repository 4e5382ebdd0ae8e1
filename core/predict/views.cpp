#include "tasuki/predict/views.h"

#include <torch/torch.h>

#include <cmath>

#include "tasuki/data/field_kind.h"
#include "tasuki/loader/batch.h"

namespace tasuki {
namespace {

using Tensors = std::map<std::string, torch::Tensor>;

// How an image is looked at once.
struct View {
  double scale = 1;
  bool flipped = false;
};

// Images and the part of them that is no padding.
struct Seen {
  torch::Tensor images;
  cv::Rect content;
};

cv::Rect whole(const torch::Tensor& images) {
  return {0, 0, int(images.size(3)), int(images.size(2))};
}

int scaled(int length, double ratio) {
  return int(std::lround(length * ratio));
}

Seen seen_by(const View& view, const torch::Tensor& images, const cv::Rect& content) {
  namespace F = torch::nn::functional;
  Seen seen{images, content};
  if (view.scale != 1) {
    const int64_t height = std::max(1, scaled(int(images.size(2)), view.scale));
    const int64_t width = std::max(1, scaled(int(images.size(3)), view.scale));
    seen.images = F::interpolate(images, F::InterpolateFuncOptions()
                                             .size(std::vector<int64_t>{height, width})
                                             .mode(torch::kBilinear)
                                             .align_corners(false));
    const double y = double(height) / double(images.size(2));
    const double x = double(width) / double(images.size(3));
    const cv::Point from(scaled(content.x, x), scaled(content.y, y));
    const cv::Point to(scaled(content.br().x, x), scaled(content.br().y, y));
    seen.content =
        cv::Rect(from, cv::Point(std::max(to.x, from.x + 1), std::max(to.y, from.y + 1)));
  }
  if (view.flipped) {
    seen.images = seen.images.flip({3});
    seen.content.x = int(seen.images.size(3)) - seen.content.br().x;
  }
  return seen;
}

// Logits at `size` of the part that is no padding.
Tensors windowed_logits(const Experiment& experiment, const SlidingWindow& window, const Seen& seen,
                        const std::vector<int64_t>& size) {
  const auto height = seen.images.size(2), width = seen.images.size(3);
  const auto layout = window.layout(height, width);
  if (layout.corners.size() == 1) return experiment.logits(seen.images, seen.content, size);
  Tensors sums;
  const auto count = torch::zeros({height, width}, seen.images.options().dtype(torch::kFloat32));
  const auto part = [&](const torch::Tensor& of, const std::array<int64_t, 2>& corner) {
    const auto rows = of.dim() - 2;
    return of.narrow(rows, corner[0], layout.size[0]).narrow(rows + 1, corner[1], layout.size[1]);
  };
  for (const auto& corner : layout.corners) {
    part(count, corner).add_(1);
    for (const auto& [name, logits] : experiment.logits(part(seen.images, corner))) {
      auto& sum = sums[name];
      if (!sum.defined()) {
        sum = torch::zeros({logits.size(0), logits.size(1), height, width}, logits.options());
      }
      part(sum, corner).add_(logits);
    }
  }
  for (auto& [name, sum] : sums) sum.div_(count);
  return experiment.resized(sums, seen.content, size);
}

Tensors view_logits(const Experiment& experiment, const Inference& inference, const Seen& seen,
                    const std::vector<int64_t>& size) {
  if (!inference.window) return experiment.logits(seen.images, seen.content, size);
  return windowed_logits(experiment, *inference.window, seen, size);
}

// Values of a float kind as the unchanged image would have them: a scale brings the scene closer.
torch::Tensor undone(const torch::Tensor& values, const FieldKind& kind, const View& view,
                     double ratio) {
  std::vector<torch::Tensor> samples;
  for (int64_t i = 0; i < values.size(0); ++i) {
    auto value = to_mat(values[i], kind);
    if (view.flipped) kind.after_flip(value);
    if (view.scale != 1) kind.after_zoom(value, 1 / ratio);
    samples.push_back(to_tensor({&kind, value, ""}, {}));
  }
  return torch::stack(samples).to(values.scalar_type());
}

// What a task makes of one view, as scores of the unchanged image, on the CPU.
torch::Tensor view_scores(const Task& task, const torch::Tensor& logits, const View& view,
                          double ratio) {
  auto scores = task.scores(view.flipped ? logits.flip({3}) : logits).cpu();
  const auto& kind = field_kind(task.field_kind());
  const bool changed = view.flipped || view.scale != 1;
  if (!changed || kind.tensor_type() == FieldKind::TensorType::kIndex) return scores;
  return undone(scores, kind, view, ratio);
}

}  // namespace

EvaluationMode::EvaluationMode(const Experiment& experiment) : experiment_(experiment) {
  was_.push_back(experiment.model->is_training());
  experiment.model->eval();
  for (const auto& companion : experiment.companions) {
    was_.push_back(companion->is_training());
    companion->eval();
  }
}

EvaluationMode::~EvaluationMode() {
  experiment_.model->train(was_[0]);
  for (size_t i = 0; i < experiment_.companions.size(); ++i) {
    experiment_.companions[i]->train(was_[i + 1]);
  }
}

std::map<std::string, torch::Tensor> predict_views(const Experiment& experiment,
                                                   const Inference& inference,
                                                   const torch::Tensor& images,
                                                   const cv::Rect& content,
                                                   const std::vector<int64_t>& size) {
  const auto tasks = experiment.tasks();
  Tensors predictions;
  if (inference.views() == 1 && inference.scales[0] == 1) {
    const auto logits = view_logits(experiment, inference, {images, content}, size);
    for (const auto* task : tasks) {
      predictions[task->name] = task->task->predict(logits.at(task->name)).cpu();
    }
    return predictions;
  }
  Tensors sums;
  for (const double scale : inference.scales) {
    for (const bool flipped : {false, true}) {
      if (flipped && !inference.flip) continue;
      const View view{scale, flipped};
      const auto seen = seen_by(view, images, content);
      const double ratio = double(seen.images.size(3)) / double(images.size(3));
      const auto logits = view_logits(experiment, inference, seen, size);
      for (const auto* task : tasks) {
        const auto scores = view_scores(*task->task, logits.at(task->name), view, ratio);
        auto& sum = sums[task->name];
        sum = sum.defined() ? sum + scores : scores;
      }
    }
  }
  for (const auto* task : tasks) {
    predictions[task->name] = task->task->decide(sums.at(task->name) / double(inference.views()));
  }
  return predictions;
}

std::map<std::string, torch::Tensor> predict_views(const Experiment& experiment,
                                                   const Inference& inference,
                                                   const torch::Tensor& images) {
  return predict_views(experiment, inference, images, whole(images),
                       {images.size(2), images.size(3)});
}

}  // namespace tasuki
