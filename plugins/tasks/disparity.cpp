#include "plugins/tasks/disparity.pb.h"
#include "plugins/tasks/prediction_files.h"
#include "plugins/tasks/regression.h"
#include "tasuki/registry/plugin_any.h"
#include "tasuki/registry/registry.h"

namespace tasuki::tasks {
namespace {

using DisparityOptions = options::Disparity;

RegressionSettings disparity_settings(const DisparityOptions& options,
                                      const Task::Context& context) {
  require_no_own_losses(options.has_loss(), context);
  RegressionSettings settings;
  settings.field_kind = "tasuki/disparity";
  settings.unit = "px";
  settings.activation = options.activation();
  settings.picture_error = options.picture_error();
  settings.loss = plain_loss(plugin_any(
      options.loss() == DisparityOptions::SMOOTH_L1 ? "tasuki/HuberLoss" : "tasuki/L1Loss"));
  settings.metric = plugin_any("tasuki/DisparityMetric");
  settings.read = read_disparity;
  settings.write = write_disparity;
  return settings;
}

class Disparity final : public Regression {
 public:
  Disparity(const DisparityOptions& options, const Context& context)
      : Regression(disparity_settings(options, context)) {}
};

}  // namespace
}  // namespace tasuki::tasks

TASUKI_REGISTER(tasuki::Task, tasuki::tasks::Disparity, tasuki::options::Disparity,
                "tasuki/Disparity");
