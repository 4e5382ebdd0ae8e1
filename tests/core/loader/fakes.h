#pragma once

#include <atomic>
#include <cstring>
#include <set>

#include "tasuki/error/error.h"
#include "tasuki/loader/loader.h"

// A data set and transforms made of numbers, for tests of what carries them.
namespace tasuki::testing {

class FakeKind final : public FieldKind {
 public:
  FakeKind(int type, TensorType tensor) : type_(type), tensor_(tensor) {}
  int mat_type() const override { return type_; }
  double invalid_value() const override { return -1; }
  TensorType tensor_type() const override { return tensor_; }
  cv::Mat valid_mask(const cv::Mat& value) const override {
    return cv::Mat(value.size(), CV_8UC1, cv::Scalar(255));
  }
  std::string range_error(const cv::Mat&) const override { return ""; }

 private:
  const int type_;
  const TensorType tensor_;
};

inline const FakeKind kImage(CV_8UC3, FieldKind::TensorType::kFloat);
inline const FakeKind kLabels(CV_32SC1, FieldKind::TensorType::kIndex);
inline const FakeKind kDepth(CV_32FC1, FieldKind::TensorType::kFloat);
inline const FakeKind kNormals(CV_32FC3, FieldKind::TensorType::kFloat);
inline const FakeKind kMask(CV_8UC1, FieldKind::TensorType::kFloat);

inline cv::Mat noise(cv::Size size, int type, uint64_t seed, double lowest, double highest) {
  cv::Mat mat(size, type);
  cv::RNG random(seed + 1);
  random.fill(mat, cv::RNG::UNIFORM, lowest, highest);
  return mat;
}

inline Sample fake_sample(const std::string& id, uint64_t seed, cv::Size size) {
  Sample sample;
  sample.id = id;
  sample.original_size = size;
  sample.normalization = {{0.4f, 0.5f, 0.6f}, {0.2f, 0.25f, 0.3f}};
  sample.fields["image"] = {&kImage, noise(size, CV_8UC3, seed, 0, 256), id + ".png"};
  sample.fields["seg"] = {&kLabels, noise(size, CV_32SC1, seed, -1, 13), id + "_seg.png"};
  sample.fields["depth"] = {&kDepth, noise(size, CV_32FC1, seed, 0, 10), ""};
  sample.fields["normal"] = {&kNormals, noise(size, CV_32FC3, seed, -1, 1), ""};
  sample.fields["edge"] = {&kMask, noise(size, CV_8UC1, seed, 0, 2), ""};
  return sample;
}

struct FakeDataset final : Dataset {
  size_t samples = 11;
  cv::Size frame{12, 8};
  std::set<size_t> broken;  // load throws an Error
  std::string broken_says = "frame.png: truncated";
  std::set<size_t> overgrown;     // of twice the size
  std::function<void()> on_load;  // called by each load
  mutable std::atomic<size_t> loads{0};

  std::vector<std::string> splits() const override { return {"val"}; }
  size_t size(const std::string&) const override { return samples; }
  IdList ids(const std::string&) const override {
    std::vector<std::string> all;
    for (size_t i = 0; i < samples; ++i) all.push_back("frame" + std::to_string(i));
    return all;
  }
  Sample load(const std::string&, size_t index) const override {
    ++loads;
    if (on_load) on_load();
    if (broken.count(index)) throw Error(ErrorKind::kData, broken_says);
    return fake_sample("frame" + std::to_string(index), index,
                       overgrown.count(index) ? frame * 2 : frame);
  }
};

// A transform out of a function.
class Step final : public Transform {
 public:
  using Function = std::function<void(Sample&, cv::RNG&)>;
  Step(bool random, Function function) : random_(random), function_(std::move(function)) {}
  void apply(Sample& sample, cv::RNG& random) const override { function_(sample, random); }
  bool random() const override { return random_; }

 private:
  const bool random_;
  const Function function_;
};

using Pipeline = std::vector<std::unique_ptr<Transform>>;

inline void add(Pipeline& pipeline, bool random, Step::Function function) {
  pipeline.push_back(std::make_unique<Step>(random, std::move(function)));
}

// A random part of every field, not continuous in memory, and depth times a random number.
inline void crop_and_scale(Sample& sample, cv::RNG& random) {
  const cv::Rect part(random.uniform(0, 5), random.uniform(0, 3), 8, 6);
  for (auto& [name, field] : sample.fields) field.value = field.value(part);
  const auto depth = sample.fields.find("depth");
  if (depth == sample.fields.end()) return;
  // Assigning the product to the field itself would write into the buffer that it shares.
  const cv::Mat scaled = depth->second.value * random.uniform(1.0, 2.0);
  depth->second.value = scaled;
}

// A deterministic step, then a random one.
inline Pipeline fake_pipeline() {
  Pipeline pipeline;
  add(pipeline, false, [](Sample& sample, cv::RNG&) {
    Field& depth = sample.field("depth");
    const cv::Mat raised = depth.value + 1;
    depth.value = raised;
  });
  add(pipeline, true, crop_and_scale);
  return pipeline;
}

inline const std::vector<std::string> kFields{"image", "seg", "depth", "normal", "edge"};

// Every bit of a batch.
inline std::string bits(const Batch& batch) {
  std::string all;
  for (const auto& info : batch.samples) all += info.id + "#" + std::to_string(info.index) + ";";
  for (const auto& [name, tensor] : batch.tensors) {
    all += name + std::string(static_cast<const char*>(tensor.data_ptr()), tensor.nbytes());
  }
  return all;
}

inline bool same_pixels(const cv::Mat& a, const cv::Mat& b) {
  if (a.size() != b.size() || a.type() != b.type()) return false;
  for (int y = 0; y < a.rows; ++y) {
    if (std::memcmp(a.ptr(y), b.ptr(y), a.cols * a.elemSize()) != 0) return false;
  }
  return true;
}

inline bool same_pixels(const Sample& a, const Sample& b) {
  if (a.fields.size() != b.fields.size()) return false;
  for (const auto& [name, field] : a.fields) {
    if (!same_pixels(field.value, b.field(name).value)) return false;
  }
  return true;
}

// What `action` throws, or "nothing thrown".
template <class Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing thrown";
}

}  // namespace tasuki::testing
