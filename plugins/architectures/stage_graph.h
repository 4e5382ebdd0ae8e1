#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/model/architecture.h"

namespace tasuki::architectures {

// Instance of each stage that each route runs through: instance[stage][route].
using StageTable = std::vector<std::map<std::string, std::string>>;

inline constexpr const char* kShared = "shared";

// An architecture that is a forest of stages: routes run through the instances of a table.
// Instances that several routes reach with the same input run once.
class StageGraph : public Architecture {
 public:
  // identical_copies: all instances of a stage begin with the weights of its first.
  StageGraph(const Context& context, StageTable table, bool identical_copies);

  std::map<std::string, Features> forward(const torch::Tensor& image,
                                          const std::vector<std::string>& routes) override;
  NamedParameters own_parameters(const std::string& route) const override;
  NamedParameters route_parameters(const std::string& route) const override;
  bool one_way_transfer_possible() const override { return true; }
  std::vector<std::pair<size_t, Stage*>> stage_modules() const override;

 private:
  void add_parameters(size_t stage, const std::string& instance, NamedParameters& to) const;

  StageTable table_;
  std::vector<std::map<std::string, std::shared_ptr<Stage>>> instances_;  // by stage, by name
  std::vector<std::string> stage_names_;
};

}  // namespace tasuki::architectures
