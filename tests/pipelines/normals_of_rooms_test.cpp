#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <map>
#include <opencv2/imgproc.hpp>

#include "tasuki/data/dataset.h"
#include "tasuki/data/transform.h"
#include "tests/pipelines/plain_fit.h"
#include "tests/pipelines/plugin.h"

// Normals derived from the depth of rendered rooms, whose exact normals are known, after that depth
// went through what real depth goes through. Prints what datasets/nyuv2/README.md states.

namespace tasuki {
namespace {

using testing::degrees_between;
using testing::make;
using testing::plain_fit;

constexpr double kRoomStep = 10 / 255.0;  // metres: 8 bits for 10 m, as NYUv2 is often handed on
constexpr int kEvery = 8;                 // pixels from one that is looked at to the next

enum Zone { kNear, kMiddle, kFar, kEdge, kZones };  // the first three away from edges
constexpr std::array<const char*, kZones> kZoneNames = {"to 2.2 m", "to 4 m", "beyond", "edges"};

struct Scene {
  Sample sample;     // with exact depth and normals
  cv::Mat edge;      // CV_8UC1, not 0 within 8 pixels of a crease or a jump in depth
  cv::Mat measured;  // CV_32FC1, the depth as a sensor and a file would give it
};

cv::Mat edges_of(const cv::Mat& depth, const cv::Mat& normals) {
  cv::Mat edge = cv::Mat::zeros(depth.size(), CV_8UC1);
  for (int y = 0; y + 1 < depth.rows; ++y) {
    for (int x = 0; x + 1 < depth.cols; ++x) {
      for (const cv::Point& other : {cv::Point(x + 1, y), cv::Point(x, y + 1)}) {
        const float here = depth.at<float>(y, x), there = depth.at<float>(other);
        const bool crease = normals.at<cv::Vec3f>(y, x).dot(normals.at<cv::Vec3f>(other)) < 0.9f;
        if (crease || std::abs(here - there) > 0.05f * here) edge.at<uchar>(y, x) = 1;
      }
    }
  }
  cv::dilate(edge, edge, cv::Mat::ones(17, 17, CV_8UC1));
  return edge;
}

// Whole steps, in whole millimetres; 0.7 m to 10 m.
void quantise(cv::Mat& depth) {
  depth.forEach<float>([](float& z, const int*) {
    const double steps = std::clamp(std::round(z / kRoomStep), 18.0, 255.0);
    z = static_cast<float>(std::round(steps * kRoomStep * 1000) / 1000);
  });
}

// A Kinect's: disparity fb / Z with fb = 43.5 m px has noise, part of it smooth over some pixels,
// and comes in eighths.
void add_sensor_noise(cv::Mat& depth, uint64_t seed) {
  cv::RNG random(seed);
  cv::Mat smooth(depth.size(), CV_32FC1), white(depth.size(), CV_32FC1);
  random.fill(smooth, cv::RNG::NORMAL, 0, 1);
  random.fill(white, cv::RNG::NORMAL, 0, 1);
  cv::GaussianBlur(smooth, smooth, {0, 0}, 4);
  cv::Scalar mean, deviation;
  cv::meanStdDev(smooth, mean, deviation);
  const cv::Mat noise = smooth * (0.04 / deviation[0]) + white * 0.04;
  for (int i = 0; i < static_cast<int>(depth.total()); ++i) {
    float& z = depth.at<float>(i);
    z = 43.5f / (std::round((43.5f / z + noise.at<float>(i)) * 8) / 8);
  }
}

// The rooms scaled by `scale`: as far away, and as many times larger.
std::vector<Scene> scenes(float scale, bool noisy) {
  const auto rooms = make<Dataset>("tasuki/Rooms", "height: 480 width: 640 seed: 5");
  std::vector<Scene> result;
  for (size_t i = 0; i < 4; ++i) {
    Scene scene;
    scene.sample = rooms->load("val", i);
    cv::Mat& depth = scene.sample.fields.at("depth").value;
    depth *= scale;
    scene.edge = edges_of(depth, scene.sample.field("normal").value);
    scene.measured = depth.clone();
    if (noisy) add_sensor_noise(scene.measured, i + 1);
    quantise(scene.measured);
    result.push_back(scene);
  }
  return result;
}

Zone zone_at(const Scene& scene, const cv::Point& at) {
  if (scene.edge.at<uchar>(at) != 0) return kEdge;
  const float z = scene.sample.field("depth").value.at<float>(at);
  return z < 2.2f ? kNear : z < 4 ? kMiddle : kFar;
}

class ZoneErrors {
 public:
  void add(const Scene& scene, const cv::Point& at, const cv::Vec3d& normal) {
    const auto zone = static_cast<size_t>(zone_at(scene, at));
    sum_[zone] += degrees_between(normal, scene.sample.field("normal").value.at<cv::Vec3f>(at));
    ++count_[zone];
  }
  double mean(size_t zone) const { return sum_[zone] / count_[zone]; }
  void print(const char* name) const {
    std::printf("  %-22s", name);
    for (size_t i = 0; i < kZones; ++i) std::printf("  %s %5.2f", kZoneNames[i], mean(i));
    std::printf("\n");
  }

 private:
  std::array<double, kZones> sum_{};
  std::array<double, kZones> count_{};
};

template <class Function>
void at_looked_at(const Scene& scene, const Function& function) {
  for (int y = kEvery / 2; y < scene.measured.rows; y += kEvery) {
    for (int x = kEvery / 2; x < scene.measured.cols; x += kEvery) function(cv::Point(x, y));
  }
}

ZoneErrors derived_errors(const std::vector<Scene>& all, const std::string& options) {
  const auto derive = make<Transform>("tasuki/NormalsFromDepth", "normals: 'derived' " + options);
  ZoneErrors errors;
  for (const Scene& scene : all) {
    Sample sample = scene.sample;
    sample.fields.at("depth").value = scene.measured;
    cv::RNG random(1);
    derive->apply(sample, random);
    const cv::Mat& normals = sample.field("derived").value;
    at_looked_at(scene,
                 [&](const cv::Point& at) { errors.add(scene, at, normals.at<cv::Vec3f>(at)); });
  }
  return errors;
}

ZoneErrors plain_errors(const std::vector<Scene>& all, int window, double gate) {
  ZoneErrors errors;
  for (const Scene& scene : all) {
    at_looked_at(scene, [&](const cv::Point& at) {
      errors.add(scene, at, plain_fit(scene.measured, *scene.sample.camera, window, gate, at));
    });
  }
  return errors;
}

// Degrees by zone that the mean error stays below; what is left near edges are mostly things
// smaller than a few steps.
using Limits = std::array<double, kZones>;

void expect_better_than_plain_fits(const std::vector<Scene>& all, const std::string& options,
                                   const Limits& limits) {
  const ZoneErrors derived = derived_errors(all, options);
  derived.print("derived");
  for (size_t zone = 0; zone < kZones; ++zone) {
    EXPECT_LT(derived.mean(zone), limits[zone]) << kZoneNames[zone];
  }
  for (const double gate : {0.05, 0.1}) {
    for (const int window : {13, 31, 45, 61}) {
      const ZoneErrors plain = plain_errors(all, window, gate);
      const auto name = "plain " + std::to_string(window) + (gate < 0.1 ? ", gate 0.05" : "");
      plain.print(name.c_str());
      for (size_t zone = 0; zone < kZones; ++zone) {
        EXPECT_LE(derived.mean(zone), plain.mean(zone)) << name << ", " << kZoneNames[zone];
      }
    }
  }
}

TEST(NormalsOfRooms, AreBetterThanPlainFitsOfQuantisedDepth) {
  expect_better_than_plain_fits(scenes(1, false), "depth_step: 0.0392", {1.7, 0.9, 0.6, 16});
}

TEST(NormalsOfRooms, AreBetterThanPlainFitsOfFarQuantisedDepth) {
  expect_better_than_plain_fits(scenes(1.7f, false), "depth_step: 0.0392", {1.5, 0.8, 0.8, 14});
}

TEST(NormalsOfRooms, AreBetterThanPlainFitsOfNoisyQuantisedDepth) {
  expect_better_than_plain_fits(scenes(1, true), "depth_step: 0.0392 noise: 0.0014",
                                {1.9, 1.8, 2.2, 20});
}

TEST(NormalsOfRooms, AreBetterThanPlainFitsOfFarNoisyQuantisedDepth) {
  expect_better_than_plain_fits(scenes(1.7f, true), "depth_step: 0.0392 noise: 0.0014",
                                {2.2, 1.3, 2.8, 22});
}

}  // namespace
}  // namespace tasuki
