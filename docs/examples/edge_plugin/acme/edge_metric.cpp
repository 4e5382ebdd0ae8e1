#include "acme/edge.pb.h"
#include "acme/edge_counts.h"
#include "tasuki/model/streaming_metric.h"
#include "tasuki/registry/registry.h"

namespace acme {
namespace {

class EdgeMetric final : public tasuki::StreamingMetric<EdgeCounts> {
 public:
  EdgeMetric(const options::EdgeMetric&, const Context& context)
      : StreamingMetric(EdgeCounts(), EdgeCounts::infos(), context.averaging) {
    tasuki::require_option(!context.is_index && context.channels == 1, "",
                           "EdgeMetric is of tasks with one number a pixel");
  }
};

}  // namespace

TASUKI_REGISTER(tasuki::Metric, EdgeMetric, options::EdgeMetric, "acme/EdgeMetric");

}  // namespace acme
