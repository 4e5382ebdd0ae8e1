#include "plugins/self_auxiliaries/coefficient_options.h"
#include "plugins/self_auxiliaries/transfers.pb.h"
#include "tasuki/model/self_auxiliary.h"
#include "tasuki/registry/registry.h"

namespace tasuki::self_auxiliaries {
namespace {

class Transfers : public SelfAuxiliary {
 public:
  Transfers(const options::Transfers& options, const Context&) {
    require_option(options.edge_size() > 0, "edge",
                   "is missing: name the transfers, edge { from: \"TASK\" to: \"TASK\" }");
    for (int i = 0; i < options.edge_size(); ++i) add(options, i);
  }

  std::vector<Transfer> transfers() const override { return transfers_; }

 private:
  void add(const options::Transfers& options, int i) {
    const auto& edge = options.edge(i);
    const std::string field = "edge[" + std::to_string(i) + "]";
    require_option(!edge.from().empty(), field + ".from", "an edge needs the task it comes from");
    require_option(!edge.to().empty(), field + ".to", "an edge needs the task it goes to");
    Transfer transfer{edge.from(), edge.to(), {}, {}, field};
    transfer.coefficient = edge.has_coefficient()
                               ? read_coefficient(edge.coefficient(), field + ".coefficient")
                               : read_coefficient(options.coefficient(), "coefficient");
    transfer.decoder = edge.has_decoder() ? edge.decoder() : options.decoder();
    transfers_.push_back(std::move(transfer));
  }

  std::vector<Transfer> transfers_;
};

}  // namespace

TASUKI_REGISTER(SelfAuxiliary, Transfers, options::Transfers, "tasuki/Transfers");

}  // namespace tasuki::self_auxiliaries
