#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

// The official files of NYUv2, written with HDF5 and matio as MATLAB writes them.
namespace tasuki::testing {

// One frame of nyu_depth_v2_labeled.mat.
struct OfficialFrame {
  cv::Mat image;   // CV_8UC3 BGR
  cv::Mat depth;   // CV_32FC1 metres
  cv::Mat raw;     // the same, 0 where the sensor saw nothing
  cv::Mat labels;  // CV_16UC1, 0 unlabelled, 1..894
  std::string scene;
};

// A file of `frames` frames that is filled one by one; those that are not are zeros.
class LabeledMatWriter {
 public:
  LabeledMatWriter(const std::filesystem::path& file, size_t frames, cv::Size size);
  ~LabeledMatWriter();
  LabeledMatWriter(const LabeledMatWriter&) = delete;
  LabeledMatWriter& operator=(const LabeledMatWriter&) = delete;

  // `number` from 1 on.
  void write(size_t number, const OfficialFrame& frame);
  void write_scenes(const std::vector<std::string>& scenes);

 private:
  struct Files;
  std::unique_ptr<Files> files_;
};

// A file of one variable that is no part of the format: of these sizes (HDF5's order), doubles.
void add_doubles(const std::filesystem::path& file, const std::string& variable,
                 const std::vector<size_t>& sizes);
void remove_variable(const std::filesystem::path& file, const std::string& variable);

// splits.mat, column vectors of doubles as in the official one.
void write_splits(const std::filesystem::path& file, const std::vector<double>& train,
                  const std::vector<double>& test);

// A drawn data set in the official files: `root`/nyuv2 with ten frames to train on and two to test
// on.
void write_drawn_frames(const std::filesystem::path& root, cv::Size size);

// The numbers of a variable of a MATLAB 5 file: a field of a struct where `field` is given.
std::vector<int> read_numbers(const std::filesystem::path& file, const std::string& variable,
                              const std::string& field = "");

}  // namespace tasuki::testing
