#include "acme/edge.pb.h"
#include "acme/edge_pictures.h"
#include "tasuki/io/image_io.h"
#include "tasuki/io/npy.h"
#include "tasuki/model/loss.h"
#include "tasuki/model/task.h"
#include "tasuki/registry/plugin_any.h"
#include "tasuki/registry/registry.h"

namespace acme {
namespace {

namespace fs = std::filesystem;

// One logit a pixel; the prediction is the probability of an edge.
class Edge final : public tasuki::Task {
 public:
  Edge(const options::Edge&, const Context&) {}

  std::string field_kind() const override { return "acme/edge_map"; }
  int64_t channels() const override { return 1; }

  std::vector<tasuki::LossConfig> losses() const override {
    tasuki::LossConfig loss;
    *loss.mutable_kind() = tasuki::plugin_any("acme/EdgeLoss");
    return {loss};
  }
  std::vector<google::protobuf::Any> metrics() const override {
    return {tasuki::plugin_any("acme/EdgeMetric")};
  }
  torch::Tensor predict(const torch::Tensor& logits) const override {
    return torch::sigmoid(tasuki::loss_precision(logits));
  }

  // STEM.npy: float32 probabilities; STEM.png: the same in 255 steps, for the eye.
  std::vector<fs::path> write_prediction(const cv::Mat& prediction,
                                         const fs::path& stem) const override {
    const fs::path exact = stem.string() + ".npy", picture = stem.string() + ".png";
    cv::Mat steps;
    prediction.convertTo(steps, CV_8U, 255);
    tasuki::write_npy(exact, prediction);
    tasuki::write_image(picture, steps);
    return {exact, picture};
  }
  // STEM.npy if it is there, else an 8-bit grey STEM.png.
  cv::Mat read_prediction(const fs::path& stem) const override {
    const fs::path exact = stem.string() + ".npy", picture = stem.string() + ".png";
    const bool has_exact = fs::exists(exact);
    if (!has_exact && !fs::exists(picture)) {
      throw tasuki::Error(tasuki::ErrorKind::kData,
                          "neither " + exact.string() + " nor " + picture.string() + " is there");
    }
    const cv::Mat stored =
        has_exact ? tasuki::read_npy(exact) : tasuki::read_stored_values(picture);
    if (stored.channels() != 1 || (!has_exact && stored.depth() != CV_8U)) {
      throw tasuki::Error(tasuki::ErrorKind::kData, (has_exact ? exact : picture).string() +
                                                        ": not one probability for each pixel");
    }
    cv::Mat prediction;
    stored.convertTo(prediction, CV_32F, has_exact ? 1 : 1.0 / 255);
    return prediction;
  }

  cv::Mat draw(const cv::Mat& value, cv::Vec2d /*range*/) const override {
    return draw_edges(value);
  }
  cv::Mat draw_error(const cv::Mat& prediction, const cv::Mat& label) const override {
    return draw_edge_error(prediction, label);
  }
  cv::Vec2d value_range(const cv::Mat& /*value*/) const override { return {0, 1}; }
  tasuki::Legend legend(cv::Vec2d /*range*/) const override {
    tasuki::Legend legend;
    legend.classes = {{"no edge", {0, 0, 0}}, {"edge", {255, 255, 255}}};
    return legend;
  }
  tasuki::Legend error_legend() const override {
    tasuki::Legend legend;
    legend.classes = {{"missed", kMissedColor}, {"false alarm", kFalseAlarmColor}};
    return legend;
  }
};

}  // namespace

TASUKI_REGISTER(tasuki::Task, Edge, options::Edge, "acme/Edge");

}  // namespace acme
