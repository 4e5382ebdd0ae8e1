#include <cmath>

#include "core/registry/plugin_any.h"
#include "core/registry/registry.h"
#include "plugins/tasks/depth.pb.h"
#include "plugins/tasks/prediction_files.h"
#include "plugins/tasks/regression.h"

namespace tasuki::tasks {
namespace {

using DepthOptions = options::Depth;

// What the option `loss` stands for.
google::protobuf::Any depth_loss(const DepthOptions& options) {
  if (options.loss() == DepthOptions::BERHU) return plugin_any("tasuki/BerHuLoss");
  if (options.loss() != DepthOptions::SILOG) return plugin_any("tasuki/L1Loss");
  std::vector<std::pair<const char*, OptionValue>> silog = {{"over", "BATCH"}};
  if (options.has_silog_lambda()) silog.emplace_back("lambda", double{options.silog_lambda()});
  if (options.has_silog_floor()) silog.emplace_back("floor", double{options.silog_floor()});
  return plugin_any("tasuki/SILogLoss", silog);
}

google::protobuf::Any depth_metric(const DepthOptions& options) {
  std::vector<std::pair<const char*, OptionValue>> range;
  if (options.has_min_depth()) range.emplace_back("min_depth", double{options.min_depth()});
  if (options.has_max_depth()) range.emplace_back("max_depth", double{options.max_depth()});
  return plugin_any("tasuki/DepthMetric", range);
}

void check_depth(const DepthOptions& options, double least, double most) {
  const double lambda = options.silog_lambda(), floor = options.silog_floor();
  require_option(DepthOptions::Loss_IsValid(options.loss()), "loss", "is none of L1, BERHU, SILOG");
  require_option(lambda >= 0 && lambda <= 1, "silog_lambda", "must be in 0..1");
  require_option(!options.has_silog_floor() || (floor > 0 && std::isfinite(floor)), "silog_floor",
                 "must be more than 0 metres");
  require_option(least > 0, "min_depth", "must be more than 0 metres: it has a logarithm");
  require_option(most > least && std::isfinite(most), "max_depth", "must be more than min_depth");
}

RegressionSettings depth_settings(const DepthOptions& options, const Task::Context& context) {
  const double least = options.has_min_depth() ? options.min_depth() : 1e-3;
  const double most = options.has_max_depth() ? options.max_depth() : 10;
  check_depth(options, least, most);
  require_no_own_losses(
      options.has_loss() || options.has_silog_lambda() || options.has_silog_floor(), context);
  RegressionSettings settings;
  settings.field_kind = "tasuki/depth";
  settings.unit = "m";
  settings.activation = options.activation();
  settings.near_is_small = true;
  settings.picture_error = options.has_picture_error() ? options.picture_error() : 1;
  settings.range = {least, most};
  settings.train_out_of_range = options.train_out_of_range();
  settings.loss = plain_loss(depth_loss(options));
  settings.metric = depth_metric(options);
  settings.read = read_depth;
  settings.write = write_depth;
  return settings;
}

class Depth final : public Regression {
 public:
  Depth(const DepthOptions& options, const Context& context)
      : Regression(depth_settings(options, context)) {}
};

}  // namespace
}  // namespace tasuki::tasks

TASUKI_REGISTER(tasuki::Task, tasuki::tasks::Depth, tasuki::options::Depth, "tasuki/Depth");
