#include "tasuki/report/legend.h"

#include <map>
#include <opencv2/imgproc.hpp>

#include "tasuki/error/error.h"
#include "tasuki/report/number.h"

namespace tasuki::report {
namespace {

constexpr int kGray = -1;       // not one of OpenCV's maps: the values themselves
constexpr int kRampStops = 17;  // of the gradient that stands for a colour map

const std::map<std::string, int>& colormaps() {
  static const std::map<std::string, int> maps = {{"bone", cv::COLORMAP_BONE},
                                                  {"cividis", cv::COLORMAP_CIVIDIS},
                                                  {"gray", kGray},
                                                  {"hot", cv::COLORMAP_HOT},
                                                  {"inferno", cv::COLORMAP_INFERNO},
                                                  {"jet", cv::COLORMAP_JET},
                                                  {"magma", cv::COLORMAP_MAGMA},
                                                  {"plasma", cv::COLORMAP_PLASMA},
                                                  {"turbo", cv::COLORMAP_TURBO},
                                                  {"twilight", cv::COLORMAP_TWILIGHT},
                                                  {"viridis", cv::COLORMAP_VIRIDIS}};
  return maps;
}

std::string css_colour(const cv::Vec3b& bgr) {
  return "rgb(" + std::to_string(bgr[2]) + "," + std::to_string(bgr[1]) + "," +
         std::to_string(bgr[0]) + ")";
}

Html body(const ClassLegend& legend) {
  Html items;
  for (const auto& key : legend.classes) {
    const std::string style = "background:" + css_colour(key.bgr);
    items += element("li", {}, element("span", {{"class", "chip"}, {"style", style}}) + key.name);
  }
  return element("ul", {{"class", "classes"}}, element("li", {{"class", "of"}}, legend.of) + items);
}

Html body(const ColourBar& bar) {
  std::string ramp = "background:linear-gradient(to right";
  for (const auto& colour : colormap_samples(bar.colormap, kRampStops)) {
    ramp += "," + css_colour(colour);
  }
  const std::string unit = bar.unit.empty() ? "" : " " + bar.unit;
  return element("div", {{"class", "colour-bar"}},
                 element("span", {{"class", "of"}}, bar.of) +
                     element("span", {}, format_number(bar.low, 3)) +
                     element("span", {{"class", "ramp"}, {"style", ramp + ")"}}) +
                     element("span", {}, format_number(bar.high, 3) + unit));
}

}  // namespace

bool operator==(const ClassKey& a, const ClassKey& b) {
  return a.name == b.name && a.bgr == b.bgr;
}

bool operator==(const ClassLegend& a, const ClassLegend& b) {
  return a.of == b.of && a.classes == b.classes;
}

bool operator==(const ColourBar& a, const ColourBar& b) {
  return a.of == b.of && a.unit == b.unit && a.low == b.low && a.high == b.high &&
         a.colormap == b.colormap;
}

std::vector<std::string> colormap_names() {
  std::vector<std::string> names;
  for (const auto& entry : colormaps()) names.push_back(entry.first);
  return names;
}

std::vector<cv::Vec3b> colormap_samples(const std::string& name, int count) {
  const auto found = colormaps().find(name);
  if (found == colormaps().end()) {
    throw Error(ErrorKind::kRun, "report: unknown colour map \"" + name + "\"" +
                                     did_you_mean(name, colormap_names()) +
                                     "; known: " + join(colormap_names()));
  }
  cv::Mat levels(1, count, CV_8UC1);
  for (int i = 0; i < count; ++i) levels.at<uchar>(0, i) = uchar((255 * i) / (count - 1));
  cv::Mat colours;
  if (found->second == kGray) {
    cv::merge(std::vector<cv::Mat>(3, levels), colours);
  } else {
    cv::applyColorMap(levels, colours, found->second);
  }
  return {colours.begin<cv::Vec3b>(), colours.end<cv::Vec3b>()};
}

Html legend(const Legend& legend) {
  return element("div", {{"class", "legend"}},
                 std::visit([](const auto& kind) { return body(kind); }, legend));
}

}  // namespace tasuki::report
