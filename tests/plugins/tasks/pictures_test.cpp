#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <set>

#include "tests/plugins/tasks/tasks.h"

namespace tasuki::tests {
namespace {

const cv::Vec3b kGrey{128, 128, 128};

int brightness(const cv::Vec3b& bgr) {
  return bgr[0] + bgr[1] + bgr[2];
}

cv::Vec3b at(const cv::Mat& picture, int x) {
  EXPECT_EQ(picture.type(), CV_8UC3);
  return picture.at<cv::Vec3b>(0, x);
}

TEST(Pictures, ClassesHaveTheColoursOfTheirLegend) {
  const auto task = make_task("tasuki/Segmentation", "classes: 64");
  const auto legend = task->legend({0, 63});
  std::set<int> colors;
  for (int c = 0; c < 64; ++c) {
    const auto color = at(task->draw(cv::Mat(1, 1, CV_32S, cv::Scalar(c)), {}), 0);
    EXPECT_EQ(color, legend.classes[c].bgr);
    colors.insert(color[0] << 16 | color[1] << 8 | color[2]);
  }
  EXPECT_EQ(colors.size(), 64u);
  EXPECT_EQ(at(task->draw(cv::Mat(1, 1, CV_32S, cv::Scalar(-1)), {}), 0), kGrey);
}

TEST(Pictures, WrongClassesStandOut) {
  const auto task = make_task("tasuki/Segmentation", "classes: 4");
  const cv::Mat label = (cv::Mat_<int>(1, 3) << 1, 1, -1);
  const cv::Mat picture = task->draw_error((cv::Mat_<int>(1, 3) << 1, 2, 2), label);
  EXPECT_LT(3 * brightness(at(picture, 0)), brightness(at(task->draw(label, {}), 0)));
  EXPECT_EQ(at(picture, 1), task->error_legend().classes[1].bgr);
  EXPECT_EQ(at(picture, 2), kGrey);
}

TEST(Pictures, NearIsBrightAndInvalidGrey) {
  const auto depth = make_task("tasuki/Depth");
  const cv::Mat metres = (cv::Mat_<float>(1, 4) << 1, 4, 8, 0);
  const auto range = depth->value_range(metres);
  EXPECT_EQ(range, cv::Vec2d(1, 8));
  const cv::Mat picture = depth->draw(metres, range);
  EXPECT_GT(brightness(at(picture, 0)), brightness(at(picture, 1)));
  EXPECT_GT(brightness(at(picture, 1)), brightness(at(picture, 2)));
  EXPECT_EQ(at(picture, 3), kGrey);
  EXPECT_EQ(depth->legend(range).least, 8);  // the bar begins dark, which is far

  const auto disparity = make_task("tasuki/Disparity");
  const cv::Mat pixels = (cv::Mat_<float>(1, 3) << 0, 30, -1);
  EXPECT_EQ(disparity->value_range(pixels), cv::Vec2d(0, 30));
  const cv::Mat drawn = disparity->draw(pixels, {0, 30});
  EXPECT_LT(brightness(at(drawn, 0)), brightness(at(drawn, 1)));
  EXPECT_EQ(at(drawn, 2), kGrey);
}

TEST(Pictures, ValueRangeOfNothingIsUsable) {
  const auto depth = make_task("tasuki/Depth");
  const cv::Mat nothing(2, 2, CV_32FC1, cv::Scalar(0));
  EXPECT_EQ(depth->value_range(nothing), cv::Vec2d(0, 1));
  const cv::Mat flat(2, 2, CV_32FC1, cv::Scalar(3));
  EXPECT_EQ(depth->draw(flat, depth->value_range(flat)).size(), flat.size());
}

TEST(Pictures, ErrorsGrowBrighterUpToTheirLegendsEnd) {
  const auto task = make_task("tasuki/Depth", "picture_error: 2");
  EXPECT_EQ(task->error_legend().most, 2);
  const cv::Mat label = (cv::Mat_<float>(1, 5) << 5, 5, 5, 5, 0);
  const cv::Mat picture = task->draw_error((cv::Mat_<float>(1, 5) << 5, 4, 3, 9, 9), label);
  EXPECT_LT(brightness(at(picture, 0)), brightness(at(picture, 1)));
  EXPECT_LT(brightness(at(picture, 1)), brightness(at(picture, 2)));
  EXPECT_EQ(at(picture, 2), at(picture, 3));
  EXPECT_EQ(at(picture, 4), kGrey);
}

TEST(Pictures, DepthBeyondTheRangeTakesNoColoursFromTheRest) {
  const auto task = make_task("tasuki/Depth", "max_depth: 80");
  const cv::Mat label = (cv::Mat_<float>(1, 4) << 2, 70, 655, 0);
  EXPECT_EQ(task->value_range(label), cv::Vec2d(2, 70));
  const cv::Mat drawn = task->draw(label, task->value_range(label));
  EXPECT_EQ(at(drawn, 1), at(drawn, 2));
  const cv::Mat errors = task->draw_error(label, label);
  EXPECT_NE(at(errors, 1), kGrey);
  EXPECT_EQ(at(errors, 2), kGrey);  // it is not evaluated
}

TEST(Pictures, NormalsAreColouredAsUsual) {
  const auto task = make_task("tasuki/Normals");
  cv::Mat normals(1, 3, CV_32FC3, cv::Scalar::all(0));
  normals.at<cv::Vec3f>(0, 0) = {0, 0, -1};
  normals.at<cv::Vec3f>(0, 1) = {0, -1, 0};
  const cv::Mat picture = task->draw(normals, {-1, 1});
  EXPECT_EQ(at(picture, 0), cv::Vec3b(255, 128, 128));  // towards the camera: light blue
  EXPECT_EQ(at(picture, 1), cv::Vec3b(128, 255, 128));  // up: light green
  EXPECT_EQ(at(picture, 2), kGrey);
  EXPECT_EQ(task->legend({-1, 1}).classes[0].bgr, at(picture, 0));

  cv::Mat other = normals.clone();
  other.at<cv::Vec3f>(0, 1) = {0, 0, -1};
  const cv::Mat errors = task->draw_error(other, normals);
  EXPECT_LT(brightness(at(errors, 0)), 10);
  EXPECT_GT(brightness(at(errors, 1)), 400);
  EXPECT_EQ(at(errors, 2), kGrey);
}

}  // namespace
}  // namespace tasuki::tests
