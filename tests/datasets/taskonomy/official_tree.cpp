#include "tests/datasets/taskonomy/official_tree.h"

#include <chrono>
#include <cmath>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <stdexcept>

namespace tasuki::testing {
namespace {

namespace fs = std::filesystem;

void write_picture(const fs::path& path, const cv::Mat& picture) {
  fs::create_directories(path.parent_path());
  if (!cv::imwrite(path.string(), picture)) throw std::runtime_error("no PNG is written");
}

Camera camera_of(int side) {
  const double focal = side / 2.0 / std::tan(kTaskonomyView / 2);
  return {focal, focal, (side - 1) / 2.0, (side - 1) / 2.0};
}

cv::Mat drawn_depth(int side, int view) {
  cv::Mat stored(side, side, CV_16UC1);
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const double metres = TaskonomyTree::depth_of(view, camera_of(side), x, y);
      stored.at<ushort>(y, x) = cv::saturate_cast<ushort>(metres * 512);
    }
  }
  stored.at<ushort>(1, 0) = 0;
  stored.at<ushort>(1, 1) = 65535;
  return stored;
}

cv::Mat drawn_normals(int side, int view) {
  const auto n = TaskonomyTree::normal_of(view);
  const auto colour = [](double component) {
    return cv::saturate_cast<uchar>((component + 1) * 127.5);
  };
  cv::Mat stored(side, side, CV_8UC3, cv::Scalar(colour(n[2]), colour(n[1]), colour(n[0])));
  stored.at<cv::Vec3b>(1, 0) = {127, 127, 127};
  stored.at<cv::Vec3b>(1, 1) = {128, 128, 128};
  return stored;
}

}  // namespace

const std::vector<std::string> kTinyBuildings = {
    "hanson",     "merom",       "klickitat",   "onaga",        "leonardo",     "marstons",
    "newfields",  "pinesdale",   "lakeville",   "cosmos",       "benevolence",  "pomaria",
    "tolstoy",    "shelbyville", "allensville", "wainscott",    "beechwood",    "coffeen",
    "stockman",   "hiteman",     "woodbine",    "lindenwood",   "forkland",     "mifflinburg",
    "ranchester", "wiconisco",   "corozal",     "collierville", "markleeville", "darden",
    "ihlen",      "muleshoe",    "uvalda",      "noxapater",    "mcdade"};

TaskonomyTree::TaskonomyTree(const fs::path& root, int side,
                             const std::vector<std::string>& buildings, Layout layout)
    : root_(root / "taskonomy"), side_(side), buildings_(buildings), layout_(layout) {
  for (const auto& building : buildings_) {
    for (int view = 0; view < 2; ++view) write_view(building, view);
  }
}

fs::path TaskonomyTree::folder(const std::string& domain, const std::string& building) const {
  if (layout_ == Layout::kBuildingDomain) return root_ / building / domain;
  if (layout_ == Layout::kDomainBuilding) return root_ / domain / building;
  return root_ / domain / "taskonomy" / building;
}

fs::path TaskonomyTree::file(const std::string& domain, const std::string& id,
                             const std::string& ending) const {
  const size_t slash = id.find('/');
  return folder(domain, id.substr(0, slash)) / (id.substr(slash + 1) + "_domain_" + ending);
}

void TaskonomyTree::age() const {
  const auto then = fs::file_time_type::clock::now() - std::chrono::hours(1);
  for (const auto& building : buildings_) fs::last_write_time(folder("rgb", building), then);
}

cv::Vec3d TaskonomyTree::normal_of(int view) {
  return view == 0 ? cv::Vec3d(0, 0, -1) : cv::normalize(cv::Vec3d(0.3, -0.6, -0.75));
}

double TaskonomyTree::depth_of(int view, const Camera& camera, double x, double y) {
  constexpr double kDistance = 1.5;
  const cv::Vec3d ray((x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy, 1);
  return -kDistance / normal_of(view).dot(ray);
}

void TaskonomyTree::write_view(const std::string& building, int view) const {
  const auto id = building + (view == 0 ? "/point_0_view_0" : "/point_10_view_2");
  write_picture(image(id), cv::Mat(side_, side_, CV_8UC3, cv::Scalar(1, 2, 3 + view)));
  cv::Mat labels(side_, side_, CV_8UC1, cv::Scalar(4));
  for (int i = 0; i < 18; ++i) labels.at<uchar>(0, i) = uchar(i);
  write_picture(file("segment_semantic", id, "segmentsemantic.png"), labels);
  write_picture(file("depth_zbuffer", id, "depth_zbuffer.png"), drawn_depth(side_, view));
  write_picture(file("normal", id, "normal.png"), drawn_normals(side_, view));
  fs::create_directories(folder("point_info", building));
  std::ofstream(file("point_info", id, "point_info.json"))
      << "{\"camera_location\": [0.5, 1.5, 1.2], \"field_of_view_rads\": " << kTaskonomyView
      << ", \"point_uuid\": \"0\", \"resolution\": " << side_ << "}\n";
}

}  // namespace tasuki::testing
