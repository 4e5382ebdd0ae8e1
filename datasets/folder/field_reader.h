#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/data/field_kind.h"
#include "core/data/sample.h"
#include "datasets/folder/folder.pb.h"
#include "datasets/folder/value_table.h"

namespace tasuki::folder {

// Reads one field of a sample from its file, as its options say. Thread-safe.
class FieldReader {
 public:
  // `place` is the path of the options inside the data set's ("field[depth]").
  FieldReader(const options::Folder::Field& options, const std::filesystem::path& root,
              const std::string& place);

  const std::string& name() const { return options_.name(); }
  const std::filesystem::path& folder() const { return folder_; }
  const std::string& extension() const { return extension_; }
  std::vector<std::string> classes() const;

  // Error (kData) names the file.
  Field read(const std::string& id) const;

 private:
  bool holds_integers() const;
  bool is_picture() const;
  void check_options(const std::string& place) const;
  cv::Mat decode(const std::filesystem::path& file) const;
  // Stored channels picked and in the order R, G, B.
  cv::Mat picked(const cv::Mat& stored, bool from_picture) const;
  cv::Mat floats(const cv::Mat& stored) const;
  void invalidate_ignored(const cv::Mat& stored, cv::Mat& value) const;

  const options::Folder::Field options_;
  const FieldKind& kind_;
  const std::filesystem::path folder_;
  const std::string extension_;
  std::optional<ValueTable> table_;  // for kinds of integers
};

}  // namespace tasuki::folder
