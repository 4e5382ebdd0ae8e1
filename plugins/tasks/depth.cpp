#include "plugins/tasks/depth.pb.h"
#include "plugins/tasks/prediction_files.h"
#include "plugins/tasks/regression.h"
#include "tasuki/registry/plugin_any.h"
#include "tasuki/registry/registry.h"

namespace tasuki::tasks {
namespace {

using DepthOptions = options::Depth;

// What the option `loss` stands for.
google::protobuf::Any depth_loss(const DepthOptions& options) {
  if (options.loss() == DepthOptions::BERHU) return plugin_any("tasuki/BerHuLoss");
  if (options.loss() != DepthOptions::SILOG) return plugin_any("tasuki/L1Loss");
  std::vector<std::pair<const char*, OptionValue>> silog = {{"over", "BATCH"}};
  if (options.has_silog_lambda()) silog.emplace_back("lambda", options.silog_lambda());
  if (options.has_silog_floor()) silog.emplace_back("floor", options.silog_floor());
  return plugin_any("tasuki/SILogLoss", silog);
}

google::protobuf::Any depth_metric(const DepthOptions& options) {
  return plugin_any("tasuki/DepthMetric",
                    {{"min_depth", options.min_depth()}, {"max_depth", options.max_depth()}});
}

RegressionSettings depth_settings(const DepthOptions& options, const Task::Context& context) {
  const double least = options.min_depth(), most = options.max_depth();
  require_option(most > least, "max_depth", "must be more than min_depth");
  require_no_own_losses(
      options.has_loss() || options.has_silog_lambda() || options.has_silog_floor(), context);
  RegressionSettings settings;
  settings.field_kind = "tasuki/depth";
  settings.unit = "m";
  settings.activation = options.activation();
  settings.near_is_small = true;
  settings.picture_error = options.picture_error();
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
