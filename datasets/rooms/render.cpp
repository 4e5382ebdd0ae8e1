#include "datasets/rooms/render.h"

#include "datasets/rooms/layout.h"
#include "datasets/rooms/sensor.h"
#include "datasets/rooms/shading.h"

namespace tasuki::rooms {
namespace {

void write_labels(const Scene& scene, const Viewpoint& view, const Visible& visible,
                  Rendering& out) {
  const int height = visible.height, width = visible.width;
  out.labels.create(height, width, CV_32SC1);
  out.depth.create(height, width, CV_32FC1);
  out.normals.create(height, width, CV_32FC3);
  for (int v = 0; v < height; ++v) {
    for (int u = 0; u < width; ++u) {
      const size_t pixel = static_cast<size_t>(v) * width + u;
      out.labels.at<int>(v, u) = static_cast<int>(scene.label(visible.surface[pixel]));
      out.depth.at<float>(v, u) = visible.depth[pixel];
      const Vec3 normal = view.axes.to_local(visible.normal[pixel]);
      out.normals.at<cv::Vec3f>(v, u) = {normal.x, normal.y, normal.z};
    }
  }
}

}  // namespace

Rendering render_room(uint64_t seed, const RenderSettings& settings) {
  Random random(seed);
  const int width = settings.width, height = settings.height;
  const Scene scene = build_scene(random, settings.clutter);
  const Viewpoint view =
      choose_viewpoint(scene, random, width, height, settings.fov_low, settings.fov_high);
  const Visible visible = find_visible(scene, view, width, height);
  Rendering out;
  write_labels(scene, view, visible, out);
  const auto radiance = shade(scene, view, visible);
  out.image = photograph(radiance, width, height, settings.noise, random);
  out.camera = {view.focal, view.focal, view.cx, view.cy};
  return out;
}

}  // namespace tasuki::rooms
