#include "datasets/folder/field_reader.h"

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "tasuki/io/files.h"
#include "tasuki/io/folder_walk.h"
#include "tasuki/io/image_io.h"
#include "tasuki/io/npy.h"
#include "tasuki/registry/registry.h"

namespace tasuki::folder {
namespace {

const FieldKind& kind_of(const options::Folder::Field& options, const std::string& place) {
  const bool image = options.name() == "image";
  require_option(options.has_kind() || image, place + ".kind",
                 "a field kind is required, such as \"tasuki/depth\"");
  try {
    return field_kind(options.has_kind() ? options.kind() : "tasuki/image");
  } catch (const Error& error) {
    throw OptionError(place + ".kind", error.what());
  }
}

std::string extension_of(const options::Folder::Field& options) {
  if (options.has_extension()) return options.extension();
  return options.name() == "image" ? ".jpg" : ".png";
}

double channel_value(const google::protobuf::RepeatedField<double>& values, int channel,
                     double otherwise) {
  if (values.empty()) return otherwise;
  return values.size() == 1 ? values[0] : values[channel];
}

// Images that are not read as pictures have the white level as their scale.
options::Folder::Field with_white_level(options::Folder::Field options, const ImageReading& reading,
                                        const std::string& place) {
  const bool is_image = kind_of(options, place).mat_type() == CV_8UC3;
  if (!is_image || reading.white_level == 0) return options;
  require_option(options.scale().empty(), place + ".scale",
                 "data.image.white_level says it for all images: take one of the two");
  const bool picture = extension_of(options) != ".npy" && options.offset().empty() &&
                       options.channel().empty() && options.ignore().empty();
  if (!picture) options.add_scale(255 / reading.white_level);
  return options;
}

bool is_bytes(const FieldKind& kind) {
  return kind.mat_type() == CV_8UC1;
}

// OptionError, `place` in front, for a class that the field's `classes` don't have and for `ignore`
// values that are no integers.
ValueMeaning meaning_of(const options::Folder::Field& options, const FieldKind& kind,
                        const std::string& place) {
  ValueMeaning meaning;
  meaning.classes = {options.label_map().begin(), options.label_map().end()};
  if (!options.classes().empty()) meaning.limit = options.classes_size();
  meaning.invalid = static_cast<int>(kind.invalid_value());
  for (int i = 0; i < options.label_map_size(); ++i) {
    const int mapped = options.label_map(i);
    require_option(mapped >= -1 && (!meaning.limit || mapped < *meaning.limit),
                   place + ".label_map[" + std::to_string(i) + "]",
                   std::to_string(mapped) + " is no class" +
                       (meaning.limit ? ": there are " + std::to_string(*meaning.limit) : ""));
  }
  for (int i = 0; i < options.ignore_size(); ++i) {
    const double value = options.ignore(i);
    if (std::isnan(value)) {
      meaning.ignored.insert(kStoredNan);
      continue;
    }
    require_option(value == std::floor(value) && std::abs(value) < 1e9,
                   place + ".ignore[" + std::to_string(i) + "]",
                   "stored values of this kind are integers, or nan");
    meaning.ignored.insert(static_cast<int>(value));
  }
  meaning.advice = "if it means unknown, add it to the field's ignore";
  meaning.may_have_threshold = meaning.classes.empty();
  if (is_bytes(kind)) {
    meaning.may_store_invalid = false;
    meaning.limit = std::min(meaning.limit.value_or(256), 256);
    meaning.advice += "; if it means yes, give the field a threshold";
  }
  return meaning;
}

// 255 where the one channel is NaN. OpenCV's comparisons take NaN for equal to itself where they
// are vectorised.
cv::Mat nan_mask(const cv::Mat& values) {
  cv::Mat mask(values.size(), CV_8UC1, cv::Scalar(0));
  if (values.depth() < CV_32F) return mask;
  cv::Mat numbers;
  values.convertTo(numbers, CV_64F);
  for (int y = 0; y < values.rows; ++y) {
    const auto* row = numbers.ptr<double>(y);
    for (int x = 0; x < values.cols; ++x) mask.at<uchar>(y, x) = std::isnan(row[x]) ? 255 : 0;
  }
  return mask;
}

// Floats -> bytes. Error (kData) for the first value that is none, but for rounding.
cv::Mat colours(const cv::Mat& values) {
  cv::Point at;
  if (!cv::checkRange(values, true, &at, -0.5, 255.5)) {
    throw Error(ErrorKind::kData, "has a colour at (x " + std::to_string(at.x) + ", y " +
                                      std::to_string(at.y) +
                                      ") that is not 0 to 255; the field's scale and offset lead "
                                      "there, scale: 255 from colours of 0 to 1");
  }
  cv::Mat bytes;
  values.convertTo(bytes, CV_8U);
  cv::cvtColor(bytes, bytes, cv::COLOR_RGB2BGR);
  return bytes;
}

// Stored R, G, B -> BGR.
cv::Mat array_colours(const cv::Mat& stored) {
  if (stored.type() != CV_8UC3) {
    throw Error(ErrorKind::kData, "colours are expected: [H, W, 3] of uint8");
  }
  cv::Mat bgr;
  cv::cvtColor(stored, bgr, cv::COLOR_RGB2BGR);
  return bgr;
}

// What a palette is proposed from: pictures as they were read, grey with alpha among them, or
// arrays.
cv::Mat colours_of(const cv::Mat& stored, bool numpy) {
  cv::Mat bgr;
  if (stored.channels() == 4) {
    cv::cvtColor(stored, bgr, cv::COLOR_BGRA2BGR);
  } else if (stored.channels() == 2) {
    cv::extractChannel(stored, bgr, 0);
    cv::cvtColor(bgr, bgr, cv::COLOR_GRAY2BGR);
  } else {
    bgr = stored;
  }
  return numpy ? array_colours(bgr) : bgr;
}

// Unit vectors; what is too short to have a direction becomes (0,0,0).
void normalise_length(cv::Mat& vectors) {
  for (int y = 0; y < vectors.rows; ++y) {
    auto* row = vectors.ptr<cv::Vec3f>(y);
    for (int x = 0; x < vectors.cols; ++x) {
      const float length = std::sqrt(row[x].dot(row[x]));
      row[x] = length < 0.5f ? cv::Vec3f(0, 0, 0) : row[x] * (1 / length);  // NaN stays NaN
    }
  }
}

}  // namespace

FieldReader::FieldReader(const options::Folder::Field& options, const std::string& place,
                         const ImageReading& reading)
    : options_(with_white_level(options, reading, place)),
      reading_(reading),
      kind_(kind_of(options, place)),
      folder_(options.has_folder() ? options.folder() : options.name()),
      extension_(extension_of(options)) {
  check_options(place);
  if (!options_.palette().empty()) {
    const int names = options_.classes_size(), most = is_bytes(kind_) ? 255 : 1 << 16;
    palette_.emplace(options_.palette(), names > 0 ? names : most, place);
  } else if (holds_integers() && !options_.has_threshold()) {
    table_.emplace(meaning_of(options, kind_, place));
  }
}

bool FieldReader::holds_integers() const {
  return is_bytes(kind_) || kind_.mat_type() == CV_32SC1;
}

bool FieldReader::is_picture() const {
  return kind_.mat_type() == CV_8UC3;
}

void FieldReader::check_options(const std::string& place) const {
  require_option(extension_.size() >= 2 && extension_[0] == '.', place + ".extension",
                 "an ending such as \".png\" is expected");
  require_option(!options_.optional() || name() != "image", place + ".optional",
                 "every sample has an image");
  require_option(!options_.above_splits() || name() != "image", place + ".above_splits",
                 "the image lies in the folders of the splits");
  const int channels = CV_MAT_CN(kind_.mat_type());
  const auto fits = [&](int count) { return count <= 1 || count == channels; };
  const std::string one_or_each = "one number, or one for each of the channels, is expected";
  require_option(fits(options_.scale_size()), place + ".scale", one_or_each);
  require_option(fits(options_.offset_size()), place + ".offset", one_or_each);
  require_option(options_.channel().empty() || options_.channel_size() == channels,
                 place + ".channel", "one stored channel for each of the kind's is expected");
  for (const uint32_t channel : options_.channel()) {
    require_option(channel < CV_CN_MAX, place + ".channel", "there is no such channel");
  }
  require_option(options_.channel().empty() || !holds_integers(), place + ".channel",
                 "files of this kind have one channel");
  require_option(!options_.unit_length() || kind_.mat_type() == CV_32FC3, place + ".unit_length",
                 "only vectors of three floats have a length");
  const bool floats = !holds_integers();
  require_option(floats || (options_.scale().empty() && options_.offset().empty()),
                 place + ".scale", "this kind holds integers: use label_map");
  require_option(!floats || (options_.label_map().empty() && options_.classes().empty()),
                 place + ".label_map", "this kind holds no classes: use scale and offset");
  require_option(options_.palette().empty() || holds_integers(), place + ".palette",
                 "this kind holds no classes");
  require_option(
      options_.palette().empty() ||
          (options_.label_map().empty() && options_.ignore().empty() && !options_.has_threshold()),
      place + ".palette",
      "says by itself what colours mean: without label_map, ignore and threshold");
  require_option(!options_.has_threshold() || holds_integers(), place + ".threshold",
                 "this kind holds no classes");
  require_option(!options_.has_threshold() || options_.label_map().empty(), place + ".threshold",
                 "stored values go through label_map or a threshold, not both");
  require_option(
      !options_.has_threshold() || options_.classes().empty() || options_.classes_size() == 2,
      place + ".threshold", "makes two classes, but the field names another number of them");
}

std::vector<std::string> FieldReader::classes() const {
  return {options_.classes().begin(), options_.classes().end()};
}

std::filesystem::path FieldReader::file(const std::filesystem::path& place,
                                        const std::string& id) const {
  return with_any_case(place / folder_ / (id + extension_));
}

Field FieldReader::read(const std::filesystem::path& place, const std::string& id,
                        cv::Size size) const {
  const auto file = this->file(place, id);
  if (options_.optional() && !path_exists(file)) {
    return {&kind_, cv::Mat(size, kind_.mat_type(), cv::Scalar::all(kind_.invalid_value())), ""};
  }
  try {
    return {&kind_, decode(file), file.string()};
  } catch (const Error& error) {
    const bool named = std::string_view(error.what()).find(file.string()) == 0;
    throw named ? error : error.within(file.string());
  }
}

cv::Mat FieldReader::decode(const std::filesystem::path& file) const {
  const bool numpy = extension_ == ".npy";
  const bool plain = options_.scale().empty() && options_.offset().empty() &&
                     options_.channel().empty() && options_.ignore().empty();
  if (is_picture() && !numpy && plain) return read_image(file, reading_);
  if (palette_) return coloured_labels(file);
  // Colours of images, and of vectors that unit_length brings back to their length.
  const auto lossy = CV_MAT_CN(kind_.mat_type()) == 3 ? Lossy::kTaken : Lossy::kRefused;
  const cv::Mat stored = numpy ? read_npy(file) : read_stored_values(file, reading_, lossy);
  if (holds_integers() && stored.channels() != 1) {
    throw Error(ErrorKind::kData, "has " + std::to_string(stored.channels()) +
                                      " channels where one is expected; " +
                                      (stored.depth() == CV_8U && stored.channels() <= 4
                                           ? propose_palette(colours_of(stored, numpy))
                                           : "labels are numbers of one channel"));
  }
  if (table_) return table_->apply(stored, kind_.mat_type());
  if (options_.has_threshold()) return above_threshold(stored);
  const cv::Mat value = floats(picked(stored, !numpy));
  return is_picture() ? colours(value) : value;
}

cv::Mat FieldReader::coloured_labels(const std::filesystem::path& file) const {
  const cv::Mat colours =
      extension_ == ".npy" ? array_colours(read_npy(file)) : read_label_colours(file, reading_);
  cv::Mat labels = palette_->apply(colours, static_cast<int>(kind_.invalid_value()));
  if (kind_.mat_type() != CV_32SC1) labels.convertTo(labels, kind_.mat_type());
  return labels;
}

cv::Mat FieldReader::above_threshold(const cv::Mat& stored) const {
  cv::Mat value = (stored > options_.threshold()) / 255;
  value.convertTo(value, kind_.mat_type());
  invalidate_ignored(stored, value);
  if (cv::countNonZero(nan_mask(stored) & (value != kind_.invalid_value())) != 0) {
    throw Error(ErrorKind::kData, "has NaN; if it means unknown, add nan to the field's ignore");
  }
  return value;
}

cv::Mat FieldReader::picked(const cv::Mat& stored, bool from_picture) const {
  const int wanted = CV_MAT_CN(kind_.mat_type());
  const bool colours = from_picture && stored.channels() >= 3;
  const bool chosen = !options_.channel().empty();
  // A picture may have an alpha channel beside its colours.
  const bool fits = stored.channels() == wanted || (colours && wanted == 3);
  std::vector<int> pairs;
  for (int c = 0; c < wanted; ++c) {
    int from = chosen ? static_cast<int>(options_.channel(c)) : c;
    if (chosen && from >= stored.channels()) {
      throw Error(ErrorKind::kData, "has channels 0 to " + std::to_string(stored.channels() - 1) +
                                        " where the field's channel says " + std::to_string(from));
    }
    if (!chosen && !fits) {
      throw Error(ErrorKind::kData, "has " + std::to_string(stored.channels()) +
                                        " channels where " + std::to_string(wanted) +
                                        " are expected; the field's channel says which to take");
    }
    if (colours && from < 3) from = 2 - from;  // pictures are read as B, G, R
    pairs.insert(pairs.end(), {from, c});
  }
  if (wanted == 1 && stored.channels() == 1) return stored;
  cv::Mat result(stored.size(), CV_MAKETYPE(stored.depth(), wanted));
  cv::mixChannels(&stored, 1, &result, 1, pairs.data(), static_cast<size_t>(wanted));
  return result;
}

cv::Mat FieldReader::floats(const cv::Mat& stored) const {
  cv::Mat value;
  const bool same = options_.scale_size() <= 1 && options_.offset_size() <= 1;
  stored.convertTo(value, CV_32F, same ? channel_value(options_.scale(), 0, 1) : 1,
                   same ? channel_value(options_.offset(), 0, 0) : 0);
  const int channels = value.channels();
  for (int y = 0; y < value.rows && !same; ++y) {
    auto* row = value.ptr<float>(y);
    for (int i = 0; i < value.cols * channels; ++i) {
      row[i] = static_cast<float>(row[i] * channel_value(options_.scale(), i % channels, 1) +
                                  channel_value(options_.offset(), i % channels, 0));
    }
  }
  if (options_.unit_length()) normalise_length(value);
  invalidate_ignored(stored, value);
  return value;
}

void FieldReader::invalidate_ignored(const cv::Mat& stored, cv::Mat& value) const {
  for (const double ignored : options_.ignore()) {
    cv::Mat mask;
    if (std::isnan(ignored)) {
      std::vector<cv::Mat> planes;
      cv::split(stored, planes);
      mask = cv::Mat(stored.size(), CV_8UC1, cv::Scalar(255));
      for (const auto& plane : planes) mask &= nan_mask(plane);
    } else {
      cv::inRange(stored, cv::Scalar::all(ignored), cv::Scalar::all(ignored), mask);
    }
    value.setTo(cv::Scalar::all(kind_.invalid_value()), mask);
  }
}

}  // namespace tasuki::folder
