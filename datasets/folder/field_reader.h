#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "datasets/folder/folder.pb.h"
#include "datasets/folder/palette.h"
#include "tasuki/data/field_kind.h"
#include "tasuki/data/sample.h"
#include "tasuki/io/image_io.h"
#include "tasuki/io/value_table.h"

namespace tasuki::folder {

// Reads one field of a sample from its file, as its options say. Thread-safe.
class FieldReader {
 public:
  // `place` is the path of the options inside the data set's ("field[depth]").
  FieldReader(const options::Folder::Field& options, const std::string& place,
              const ImageReading& reading);

  const std::string& name() const { return options_.name(); }
  // Below the root, or below the folder of a split in it.
  const std::string& folder() const { return folder_; }
  const std::string& extension() const { return extension_; }
  bool is_above_splits() const { return options_.above_splits(); }
  std::vector<std::string> classes() const;

  // The file of an id, which need not be there.
  std::filesystem::path file(const std::filesystem::path& place, const std::string& id) const;
  // `place`: the root, or the folder of a split in it. Where the field is optional and has no file,
  // it is invalid everywhere, `size` being the image's. Error (kData) names the file.
  Field read(const std::filesystem::path& place, const std::string& id, cv::Size size = {}) const;

 private:
  bool holds_integers() const;
  bool is_picture() const;
  void check_options(const std::string& place) const;
  cv::Mat decode(const std::filesystem::path& file) const;
  cv::Mat coloured_labels(const std::filesystem::path& file) const;
  cv::Mat above_threshold(const cv::Mat& stored) const;
  // Stored channels picked and in the order R, G, B.
  cv::Mat picked(const cv::Mat& stored, bool from_picture) const;
  cv::Mat floats(const cv::Mat& stored) const;
  void invalidate_ignored(const cv::Mat& stored, cv::Mat& value) const;

  const options::Folder::Field options_;
  const ImageReading reading_;
  const FieldKind& kind_;
  const std::string folder_;
  const std::string extension_;
  std::optional<ValueTable> table_;  // for kinds of integers without threshold and palette
  std::optional<Palette> palette_;
};

}  // namespace tasuki::folder
