#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tasuki/data/dataset.h"
#include "tasuki/io/files.h"
#include "tasuki/io/image_io.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/pipelines/plugin.h"

namespace tasuki::testing {

inline constexpr const char* kFields =
    "root: 'set' "
    "field { name: 'image' extension: '.png' } "
    "field { name: 'seg' kind: 'tasuki/label_map' label_map: [-1, 1, 0] ignore: 9"
    "        classes: ['wall', 'chair'] } "
    "field { name: 'depth' kind: 'tasuki/depth' scale: 0.001 ignore: 65535 } ";
inline constexpr const char* kSplits =
    "split { name: 'train' list: 'all.txt' to: 0.8 } "
    "split { name: 'val' list: 'all.txt' from: 0.8 } "
    "split { name: 'files' } ";

// Five samples "a/0" to "a/4" of 4 x 6 pixels.
class FolderTest : public ::testing::Test {
 protected:
  FolderTest() {
    std::string list;
    for (int i = 0; i < 5; ++i) {
      const std::string id = "a/" + std::to_string(i);
      list += id + (i % 2 ? "\n" : " \r\n\n");
      write_image(file("image", id), cv::Mat(4, 6, CV_8UC3, cv::Scalar(10, 20, 30 + i)));
      cv::Mat labels(4, 6, CV_8UC1, cv::Scalar(1));
      labels.at<uchar>(0, 0) = 9;
      labels.at<uchar>(0, 1) = 0;
      labels.at<uchar>(0, 2) = 2;
      write_image(file("seg", id), labels);
      cv::Mat depth(4, 6, CV_16UC1, cv::Scalar(1500 + i));
      depth.at<ushort>(1, 1) = 65535;
      write_image(file("depth", id), depth);
    }
    write_file_atomically(root_ / "set/all.txt", list);
  }

  std::filesystem::path file(const std::string& folder, const std::string& id) const {
    return root_ / ("set/" + folder + "/" + id + ".png");
  }
  std::unique_ptr<Dataset> dataset(const std::string& options = std::string(kFields) +
                                                                kSplits) const {
    return make<Dataset>("tasuki/Folder", options, {root_.path()});
  }
  template <class Action>
  static std::string message(Action action) {
    try {
      action();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  TemporaryFolder root_;
};

}  // namespace tasuki::testing
