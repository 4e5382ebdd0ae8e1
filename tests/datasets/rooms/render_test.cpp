// What the renderer promises about its pictures and labels.
#include "datasets/rooms/render.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace tasuki::rooms {
namespace {

constexpr int kClasses = static_cast<int>(kClassNames.size());

Rendering room(uint32_t index, uint32_t split = 0) {
  return render_room(room_seed(0, split, index), RenderSettings{});
}

cv::Vec3d ray_of(const Camera& camera, int u, int v) {
  return {(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, 1};
}

cv::Vec3d point_of(const Rendering& r, int u, int v) {
  return ray_of(r.camera, u, v) * static_cast<double>(r.depth.at<float>(v, u));
}

TEST(RoomSeed, NoTwoPlacesShareASeed) {
  std::set<uint64_t> seeds;
  for (uint32_t split = 0; split < 3; ++split) {
    for (uint32_t index = 0; index < 20000; ++index) seeds.insert(room_seed(5, split, index));
  }
  EXPECT_EQ(seeds.size(), 60000u);
}

TEST(RenderRoom, LabelsAndDepthAreInRange) {
  for (uint32_t i = 0; i < 40; ++i) {
    const Rendering r = room(i);
    double low, high;
    cv::minMaxLoc(r.labels, &low, &high);
    EXPECT_GE(low, 0);
    EXPECT_LT(high, kClasses);
    cv::minMaxLoc(r.depth, &low, &high);
    EXPECT_GT(low, 0.1) << i;
    // The diagonal of the largest room.
    EXPECT_LT(high, std::sqrt(6.5 * 6.5 * 2 + 3 * 3)) << i;
    EXPECT_GT(high, 1.5) << i << ": nothing but something right before the camera";
  }
}

TEST(RenderRoom, NormalsAreUnitAndFaceTheCamera) {
  for (uint32_t i = 0; i < 40; ++i) {
    const Rendering r = room(i);
    for (int v = 0; v < r.normals.rows; ++v) {
      for (int u = 0; u < r.normals.cols; ++u) {
        const cv::Vec3d normal = r.normals.at<cv::Vec3f>(v, u);
        ASSERT_NEAR(cv::norm(normal), 1, 1e-5) << i << " at " << u << ", " << v;
        ASSERT_LT(normal.dot(ray_of(r.camera, u, v)), 0) << i << " at " << u << ", " << v;
      }
    }
  }
}

// 1/Z of a plane is linear in the pixel coordinates.
bool is_planar(const cv::Mat& depth, int u, int v) {
  const double here = 2 / depth.at<float>(v, u);
  for (const auto& [du, dv] : {std::pair{1, 0}, {0, 1}, {1, 1}, {1, -1}}) {
    const double sum = 1 / depth.at<float>(v + dv, u + du) + 1 / depth.at<float>(v - dv, u - du);
    if (std::abs(sum - here) > 3e-6 * here) return false;
  }
  return true;
}

// The same normals by another way: from the depth alone, where it is flat.
TEST(RenderRoom, NormalsAreThoseOfTheDepth) {
  int flat = 0, agreeing = 0, pixels = 0;
  for (uint32_t i = 0; i < 30; ++i) {
    const Rendering r = room(i);
    for (int v = 1; v + 1 < r.depth.rows; ++v) {
      for (int u = 1; u + 1 < r.depth.cols; ++u) {
        ++pixels;
        if (!is_planar(r.depth, u, v)) continue;
        ++flat;
        const cv::Vec3d across = point_of(r, u + 1, v) - point_of(r, u - 1, v);
        const cv::Vec3d down = point_of(r, u, v + 1) - point_of(r, u, v - 1);
        const cv::Vec3d normal = cv::normalize(down.cross(across));
        const cv::Vec3d stated = r.normals.at<cv::Vec3f>(v, u);
        agreeing += normal.dot(stated) > std::cos(CV_PI / 180);
      }
    }
  }
  EXPECT_GT(flat, 0.6 * pixels);
  EXPECT_GT(agreeing, 0.999 * flat);
}

TEST(RenderRoom, EveryClassAppears) {
  std::vector<int> frames(kClasses), pixels(kClasses);
  for (uint32_t i = 0; i < 80; ++i) {
    const Rendering r = room(i);
    std::vector<int> here(kClasses);
    for (const int label : cv::Mat_<int>(r.labels)) ++here[label];
    for (int c = 0; c < kClasses; ++c) {
      frames[c] += here[c] >= 20;
      pixels[c] += here[c];
    }
  }
  const int all = 80 * 120 * 160;
  for (int c = 0; c < kClasses; ++c) {
    EXPECT_GE(frames[c], 8) << kClassNames[c];
    EXPECT_GT(pixels[c], 0.004 * all) << kClassNames[c];
    EXPECT_LT(pixels[c], 0.5 * all) << kClassNames[c];
  }
}

int colour_bin(const cv::Vec3b& bgr) {
  return (bgr[0] / 32 * 8 + bgr[1] / 32) * 8 + bgr[2] / 32;
}

// Mean over classes of the fraction of pixels that colour alone puts into the right class, by the
// most likely class of each of 512 colours (with equal classes) in other rooms; chance is 1/13.
double recall_from_colour() {
  std::vector<std::vector<double>> seen(kClasses, std::vector<double>(512, 1e-9));
  std::vector<double> right(kClasses), total(kClasses);
  const auto visit = [&](uint32_t index, uint32_t split, const auto& use) {
    const Rendering r = room(index, split);
    for (int v = 0; v < r.labels.rows; ++v) {
      for (int u = 0; u < r.labels.cols; ++u) {
        use(r.labels.at<int>(v, u), colour_bin(r.image.at<cv::Vec3b>(v, u)));
      }
    }
  };
  std::vector<double> count(kClasses, 1);
  for (uint32_t i = 0; i < 80; ++i) {
    visit(i, 0, [&](int label, int bin) { ++seen[label][bin], ++count[label]; });
  }
  for (uint32_t i = 0; i < 40; ++i) {
    visit(i, 1, [&](int label, int bin) {
      int best = 0;
      for (int c = 1; c < kClasses; ++c) {
        if (seen[c][bin] / count[c] > seen[best][bin] / count[best]) best = c;
      }
      ++total[label];
      right[label] += best == label;
    });
  }
  double sum = 0;
  for (int c = 0; c < kClasses; ++c) sum += right[c] / std::max(total[c], 1.0);
  return sum / kClasses;
}

TEST(RenderRoom, ColourDoesNotGiveTheClassAway) {
  const double recall = recall_from_colour();
  RecordProperty("recall_percent", static_cast<int>(100 * recall));
  EXPECT_LT(recall, 0.2);
}

TEST(RenderRoom, ImagesAreExposedAndTextured) {
  for (uint32_t i = 0; i < 40; ++i) {
    cv::Scalar mean, deviation;
    cv::meanStdDev(room(i).image, mean, deviation);
    const double level = (mean[0] + mean[1] + mean[2]) / 3;
    EXPECT_GT(level, 40) << i;
    EXPECT_LT(level, 200) << i;
    EXPECT_GT(std::max({deviation[0], deviation[1], deviation[2]}), 12) << i;
  }
}

TEST(RenderRoom, NoiseChangesTheImageAlone) {
  RenderSettings clean;
  clean.noise = 0;
  const uint64_t seed = room_seed(0, 0, 3);
  const Rendering noisy = render_room(seed, RenderSettings{}), plain = render_room(seed, clean);
  EXPECT_GT(cv::norm(noisy.image, plain.image, cv::NORM_L1), 0);
  EXPECT_LT(cv::norm(noisy.image, plain.image, cv::NORM_L1) / (3 * 120 * 160), 8);
  EXPECT_EQ(cv::norm(noisy.depth, plain.depth), 0);
  EXPECT_EQ(cv::norm(noisy.labels, plain.labels), 0);
}

// The view does not depend on the resolution: pixel centres that coincide see the same.
TEST(RenderRoom, ResolutionKeepsTheScene) {
  RenderSettings fine, coarse;
  fine.height = 3 * 40, fine.width = 3 * 60;
  coarse.height = 40, coarse.width = 60;
  int same = 0;
  for (uint32_t i = 0; i < 5; ++i) {
    const uint64_t seed = room_seed(1, 0, i);
    const Rendering a = render_room(seed, fine), b = render_room(seed, coarse);
    for (int v = 0; v < 40; ++v) {
      for (int u = 0; u < 60; ++u) {
        const float big = a.depth.at<float>(3 * v + 1, 3 * u + 1), small = b.depth.at<float>(v, u);
        same += std::abs(big - small) < 1e-3f;
      }
    }
  }
  EXPECT_GT(same, 0.98 * 5 * 40 * 60);
}

TEST(RenderRoom, BareRoomsAreWallsFloorAndCeiling) {
  RenderSettings bare;
  bare.clutter = 0;
  for (uint32_t i = 0; i < 10; ++i) {
    const Rendering r = render_room(room_seed(0, 0, i), bare);
    for (const int label : cv::Mat_<int>(r.labels)) {
      ASSERT_TRUE(
          label == static_cast<int>(Label::kWall) || label == static_cast<int>(Label::kFloor) ||
          label == static_cast<int>(Label::kCeiling) || label == static_cast<int>(Label::kWindow) ||
          label == static_cast<int>(Label::kObjects))  // the ceiling lamp
          << kClassNames[label];
    }
  }
}

}  // namespace
}  // namespace tasuki::rooms
