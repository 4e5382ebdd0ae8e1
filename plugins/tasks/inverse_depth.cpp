#include "plugins/tasks/inverse_depth.pb.h"
#include "plugins/tasks/prediction_files.h"
#include "plugins/tasks/regression.h"
#include "tasuki/registry/plugin_any.h"
#include "tasuki/registry/registry.h"

namespace tasuki::tasks {
namespace {

RegressionSettings inverse_depth_settings(const options::InverseDepth& options) {
  RegressionSettings settings;
  settings.field_kind = "tasuki/inverse_depth";
  settings.activation = options.activation();
  settings.picture_error = options.picture_error();
  settings.loss = plain_loss(plugin_any("tasuki/L1Loss"));
  settings.metric = plugin_any("tasuki/InverseDepthMetric");
  settings.read = read_inverse_depth;
  settings.write = write_inverse_depth;
  return settings;
}

class InverseDepth final : public Regression {
 public:
  InverseDepth(const options::InverseDepth& options, const Context& /*context*/)
      : Regression(inverse_depth_settings(options)) {}
};

}  // namespace
}  // namespace tasuki::tasks

TASUKI_REGISTER(tasuki::Task, tasuki::tasks::InverseDepth, tasuki::options::InverseDepth,
                "tasuki/InverseDepth");
