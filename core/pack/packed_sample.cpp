#include "tasuki/pack/packed_sample.h"

#include <algorithm>
#include <cstring>

#include "tasuki/error/error.h"
#include "tasuki/pack/pack.pb.h"
#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

constexpr int kLargestSide = 1 << 20;  // pixels

Error not_a_sample(const std::string& why) {
  return Error(ErrorKind::kData, "is no packed sample: " + why);
}

// Integers as few bits as hold all of them; other pixels as they are.
cv::Mat narrowed(const cv::Mat& value) {
  if (value.depth() != CV_32S || value.empty()) return value;
  double least, most;
  cv::minMaxLoc(value.reshape(1), &least, &most);
  cv::Mat narrow;
  if (least >= INT8_MIN && most <= INT8_MAX) {
    value.convertTo(narrow, CV_8S);
  } else if (least >= INT16_MIN && most <= INT16_MAX) {
    value.convertTo(narrow, CV_16S);
  } else {
    return value;
  }
  return narrow;
}

size_t bytes_of(const cv::Mat& value) {
  return value.total() * value.elemSize();
}

void append_pixels(std::string& bytes, const cv::Mat& value) {
  for (int y = 0; y < value.rows; ++y) {
    bytes.append(value.ptr<char>(y), size_t(value.cols) * value.elemSize());
  }
}

void describe_place(const Sample& sample, PackedSample& message) {
  message.set_id(sample.id);
  message.set_original_width(sample.original_size.width);
  message.set_original_height(sample.original_size.height);
  if (const auto& camera = sample.camera) {
    auto& out = *message.mutable_camera();
    out.set_fx(camera->fx);
    out.set_fy(camera->fy);
    out.set_cx(camera->cx);
    out.set_cy(camera->cy);
  }
  for (const float value : sample.normalization.mean) message.add_mean(value);
  for (const float value : sample.normalization.standard_deviation) {
    message.add_standard_deviation(value);
  }
  const auto& padding = sample.padding;
  for (const int side : {padding.left, padding.top, padding.right, padding.bottom}) {
    message.add_padding(side);
  }
}

std::array<float, 3> three(const google::protobuf::RepeatedField<float>& values) {
  if (values.size() != 3) throw not_a_sample("its normalization has not three channels");
  return {values[0], values[1], values[2]};
}

// The sample without its fields.
Sample sample_without_fields(const PackedSample& message) {
  Sample sample;
  sample.id = message.id();
  sample.original_size = {message.original_width(), message.original_height()};
  if (message.has_camera()) {
    const auto& camera = message.camera();
    sample.camera = Camera{camera.fx(), camera.fy(), camera.cx(), camera.cy()};
  }
  sample.normalization = {three(message.mean()), three(message.standard_deviation())};
  const auto& padding = message.padding();
  if (padding.size() != 4) throw not_a_sample("its padding has not four sides");
  sample.padding = {padding[0], padding[1], padding[2], padding[3]};
  return sample;
}

void check_type(const PackedSample::Field& field) {
  const int type = field.type(), stored = field.stored_type();
  const bool types = (type & ~CV_MAT_TYPE_MASK) == 0 && (stored & ~CV_MAT_TYPE_MASK) == 0 &&
                     CV_MAT_CN(type) == CV_MAT_CN(stored);
  const int depth = CV_MAT_DEPTH(stored);
  const bool narrow = CV_MAT_DEPTH(type) == CV_32S && (depth == CV_8S || depth == CV_16S);
  if (types && (type == stored || narrow)) return;
  throw not_a_sample("field " + field.name() + " has an impossible type of pixels");
}

// Takes the pixels from the front of `bytes`.
cv::Mat take_pixels(const PackedSample::Field& field, std::string_view& bytes) {
  check_type(field);
  const int rows = field.rows(), cols = field.cols();
  if (rows < 0 || cols < 0 || rows > kLargestSide || cols > kLargestSide) {
    throw not_a_sample("field " + field.name() + " has an impossible size");
  }
  const size_t size = size_t(rows) * size_t(cols) * size_t(CV_ELEM_SIZE(field.stored_type()));
  if (size > bytes.size()) throw not_a_sample("pixels of field " + field.name() + " are missing");
  cv::Mat stored(rows, cols, field.stored_type());
  if (size > 0) std::memcpy(stored.data, bytes.data(), size);
  bytes.remove_prefix(size);
  if (field.type() == field.stored_type()) return stored;
  cv::Mat value;
  stored.convertTo(value, CV_MAT_DEPTH(field.type()));
  return value;
}

}  // namespace

FieldKindNames::FieldKindNames(const std::vector<std::string>& names) {
  for (const auto& name : names) {
    const auto* kind = &field_kind(name);
    kinds_.emplace(name, kind);
    names_.emplace(kind, name);
  }
}

const std::string& FieldKindNames::name(const FieldKind* kind) const {
  const auto found = names_.find(kind);
  if (found != names_.end()) return found->second;
  throw Error(ErrorKind::kUsage, "a field's kind is not a registered one");
}

const FieldKind* FieldKindNames::kind(const std::string& name) const {
  const auto found = kinds_.find(name);
  if (found != kinds_.end()) return found->second;
  throw not_a_sample("no field is of kind \"" + name + "\"");
}

std::string encode_sample(const Sample& sample, const FieldKindNames& kinds) {
  PackedSample message;
  describe_place(sample, message);
  std::vector<cv::Mat> pixels;
  size_t size = 0;
  for (const auto& [name, field] : sample.fields) {
    pixels.push_back(narrowed(field.value));
    size += bytes_of(pixels.back());
    auto& out = *message.add_field();
    out.set_name(name);
    out.set_kind(kinds.name(field.kind));
    out.set_file(field.file);
    out.set_rows(field.value.rows);
    out.set_cols(field.value.cols);
    out.set_type(field.value.type());
    out.set_stored_type(pixels.back().type());
  }
  const uint32_t length = uint32_t(message.ByteSizeLong());
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof(length));
  bytes.reserve(sizeof(length) + length + size);
  message.AppendToString(&bytes);
  for (const auto& value : pixels) append_pixels(bytes, value);
  return bytes;
}

Sample decode_sample(std::string_view bytes, const FieldKindNames& kinds) {
  uint32_t length = 0;
  if (bytes.size() < sizeof(length)) throw not_a_sample("it has no message");
  std::memcpy(&length, bytes.data(), sizeof(length));
  bytes.remove_prefix(sizeof(length));
  PackedSample message;
  if (length > bytes.size() || length > INT32_MAX ||
      !message.ParseFromArray(bytes.data(), int(length))) {
    throw not_a_sample("its message can't be read");
  }
  bytes.remove_prefix(length);
  Sample sample = sample_without_fields(message);
  for (const auto& field : message.field()) {
    sample.fields[field.name()] = {kinds.kind(field.kind()), take_pixels(field, bytes),
                                   field.file()};
  }
  if (!bytes.empty()) throw not_a_sample("there are bytes behind its pixels");
  return sample;
}

}  // namespace tasuki
