#include "plugins/architectures/hard_sharing.pb.h"
#include "plugins/architectures/stage_graph.h"
#include "tasuki/registry/registry.h"

namespace tasuki::architectures {
namespace {

StageTable share_all(const Architecture::Context& context) {
  StageTable table(context.encoder->stages().size());
  for (auto& stage : table) {
    for (const auto& route : context.routes) stage[route] = kShared;
  }
  return table;
}

class HardSharing : public StageGraph {
 public:
  HardSharing(const options::HardSharing&, const Context& context)
      : StageGraph(context, share_all(context), true) {}

  // Every stage is everybody's, also where there is one task only.
  bool is_shared(size_t, const std::string&) const override { return true; }
};

}  // namespace

TASUKI_REGISTER(Architecture, HardSharing, options::HardSharing, "tasuki/HardSharing");

}  // namespace tasuki::architectures
