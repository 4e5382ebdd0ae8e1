#include "tasuki/loader/pixels.h"

#include <torch/torch.h>

#include "tasuki/loader/batch.h"

namespace tasuki {
namespace {

constexpr int kColours = 3;

bool is_index(const FieldKind& kind) {
  return kind.tensor_type() == FieldKind::TensorType::kIndex;
}
bool is_colour(const FieldKind& kind) {
  return kind.mat_type() == CV_8UC3 && !is_index(kind);
}

// (value / 255 - mean) / deviation of one channel, as one multiplication and one addition.
struct Normalizer {
  float scale, shift;
  Normalizer(const Normalization& normalization, int channel)
      : scale(1 / (255 * normalization.standard_deviation[channel])),
        shift(-normalization.mean[channel] / normalization.standard_deviation[channel]) {}
  float operator()(float value) const { return value * scale + shift; }
};

// Sizes and strides of `count` dense blocks.
struct Layout {
  torch::ScalarType type = torch::kLong;
  std::vector<int64_t> sizes, strides;

  Layout(const FieldKind& kind, int64_t count, cv::Size size, bool channels_last) {
    const int64_t h = size.height, w = size.width, c = CV_MAT_CN(kind.mat_type());
    if (is_index(kind)) {
      sizes = {count, h, w};
      strides = {h * w, w, 1};
    } else {
      type = torch::kFloat;
      sizes = {count, c, h, w};
      if (channels_last) {
        strides = {h * w * c, 1, w * c, c};
      } else {
        strides = {h * w * c, h * w, w, 1};
      }
    }
  }
};

// What each of the 256 values of a channel becomes.
struct Table {
  float values[256];
  explicit Table(const Normalizer& normalizer) {
    for (int i = 0; i < 256; ++i) values[i] = normalizer(static_cast<float>(i));
  }
};

// From one channel of a pixel to the next: they lie side by side, or each in a plane of its own.
template <bool kChannelsLast>
int64_t channel_step(const cv::Mat& image) {
  return kChannelsLast ? 1 : int64_t(image.total());
}

template <bool kChannelsLast>
void write_colour8(const cv::Mat& image, const Normalization& normalization, float* out) {
  const Table red({normalization, 0}), green({normalization, 1}), blue({normalization, 2});
  const int64_t step = channel_step<kChannelsLast>(image);
  for (int y = 0; y < image.rows; ++y) {
    const uchar* in = image.ptr<uchar>(y);
    for (int x = 0; x < image.cols; ++x, in += kColours, out += kChannelsLast ? kColours : 1) {
      out[0] = red.values[in[2]];
      out[step] = green.values[in[1]];
      out[2 * step] = blue.values[in[0]];
    }
  }
}

template <bool kChannelsLast>
void write_colour32(const cv::Mat& image, const Normalization& normalization, float* out) {
  const Normalizer red(normalization, 0), green(normalization, 1), blue(normalization, 2);
  const int64_t step = channel_step<kChannelsLast>(image);
  for (int y = 0; y < image.rows; ++y) {
    const float* in = image.ptr<float>(y);
    for (int x = 0; x < image.cols; ++x, in += kColours, out += kChannelsLast ? kColours : 1) {
      out[0] = red(in[2]);
      out[step] = green(in[1]);
      out[2 * step] = blue(in[0]);
    }
  }
}

template <bool kChannelsLast>
void write_colour(const cv::Mat& image, const Normalization& normalization, float* out) {
  if (image.depth() == CV_8U) return write_colour8<kChannelsLast>(image, normalization, out);
  write_colour32<kChannelsLast>(image, normalization, out);
}

template <class Value>
void write_indices(const cv::Mat& labels, int64_t* out) {
  for (int y = 0; y < labels.rows; ++y) {
    const Value* in = labels.ptr<Value>(y);
    out = std::copy(in, in + labels.cols, out);
  }
}

void write_indices(const cv::Mat& labels, int64_t* out) {
  switch (labels.depth()) {
    case CV_8U:
      return write_indices<uchar>(labels, out);
    case CV_16U:
      return write_indices<ushort>(labels, out);
    case CV_16S:
      return write_indices<short>(labels, out);
    default:
      return write_indices<int>(labels, out);
  }
}

// A Mat's header over a tensor's block.
cv::Mat over(float* block, cv::Size size, int channels) {
  return cv::Mat(size, CV_32FC(channels), block);
}

// Values of several channels, one plane after the other.
void write_planes(const cv::Mat& value, float* out) {
  cv::Mat single;
  value.convertTo(single, CV_32F);
  std::vector<cv::Mat> planes;
  for (int c = 0; c < value.channels(); ++c) {
    planes.push_back(over(out + int64_t(c) * int64_t(value.total()), value.size(), 1));
  }
  cv::split(single, planes.data());
}

cv::Mat colours_to_mat(const cv::Mat& rgb, const Normalization& normalization) {
  cv::Mat bgr(rgb.size(), CV_8UC3);
  for (int y = 0; y < rgb.rows; ++y) {
    const float* in = rgb.ptr<float>(y);
    uchar* out = bgr.ptr<uchar>(y);
    for (int x = 0; x < rgb.cols; ++x, in += kColours, out += kColours) {
      for (int c = 0; c < kColours; ++c) {
        out[kColours - 1 - c] = cv::saturate_cast<uchar>(
            255 * (in[c] * normalization.standard_deviation[c] + normalization.mean[c]));
      }
    }
  }
  return bgr;
}

cv::Mat indices_to_mat(const torch::Tensor& value, int type) {
  const torch::Tensor narrow = value.to(torch::kCPU, torch::kInt).contiguous();
  const cv::Size size(static_cast<int>(value.size(1)), static_cast<int>(value.size(0)));
  cv::Mat result;
  cv::Mat(size, CV_32SC1, narrow.data_ptr<int>()).convertTo(result, CV_MAT_DEPTH(type));
  return result;
}

}  // namespace

bool fits_kind(const Field& field) {
  const int type = field.value.type();
  return type == field.kind->mat_type() || (type == CV_32FC3 && is_colour(*field.kind));
}

torch::Tensor empty_pixels(const FieldKind& kind, int64_t count, cv::Size size, BlockPool* pool,
                           bool channels_last) {
  const Layout layout(kind, count, size, channels_last);
  if (!pool) return torch::empty_strided(layout.sizes, layout.strides, layout.type);
  const auto bytes = c10::multiply_integers(layout.sizes) * c10::elementSize(layout.type);
  auto block = pool->take(static_cast<size_t>(bytes));
  void* memory = block.get();
  return torch::from_blob(
      memory, layout.sizes, layout.strides, [block = std::move(block)](void*) {}, layout.type);
}

torch::Tensor empty_pinned_pixels(const FieldKind& kind, int64_t count, cv::Size size,
                                  bool channels_last) {
  const Layout layout(kind, count, size, channels_last);
  return torch::empty_strided(layout.sizes, layout.strides,
                              torch::TensorOptions(layout.type).pinned_memory(true));
}

void write_pixels(const Field& field, const Normalization& normalization, void* block,
                  bool channels_last) {
  const cv::Mat& value = field.value;
  if (is_index(*field.kind)) return write_indices(value, static_cast<int64_t*>(block));
  float* out = static_cast<float*>(block);
  if (is_colour(*field.kind)) {
    return channels_last ? write_colour<true>(value, normalization, out)
                         : write_colour<false>(value, normalization, out);
  }
  if (!channels_last && value.channels() > 1) return write_planes(value, out);
  value.convertTo(over(out, value.size(), value.channels()), CV_32F);
}

torch::Tensor to_tensor(const Field& field, const Normalization& normalization) {
  TORCH_CHECK(fits_kind(field), "to_tensor: the Mat's type is not its kind's");
  torch::Tensor tensor = empty_pixels(*field.kind, 1, field.value.size(), nullptr);
  write_pixels(field, normalization, tensor.data_ptr());
  return tensor.squeeze(0);
}

cv::Mat to_mat(const torch::Tensor& value, const FieldKind& kind,
               const Normalization& normalization) {
  const int type = kind.mat_type();
  if (is_index(kind)) {
    TORCH_CHECK(value.dim() == 2, "to_mat: an index field is [H,W]");
    return indices_to_mat(value.detach(), type);
  }
  TORCH_CHECK(value.dim() == 3 && value.size(0) == CV_MAT_CN(type),
              "to_mat: a field of this kind is [", CV_MAT_CN(type), ",H,W]");
  const torch::Tensor dense =
      value.detach().to(torch::kCPU, torch::kFloat).permute({1, 2, 0}).contiguous();
  const cv::Size size(static_cast<int>(value.size(2)), static_cast<int>(value.size(1)));
  const cv::Mat pixels = over(dense.data_ptr<float>(), size, CV_MAT_CN(type));
  if (is_colour(kind)) return colours_to_mat(pixels, normalization);
  cv::Mat result;
  pixels.convertTo(result, CV_MAT_DEPTH(type));
  return result;
}

}  // namespace tasuki
