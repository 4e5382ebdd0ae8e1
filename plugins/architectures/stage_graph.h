#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tasuki/model/architecture.h"

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

  std::map<std::string, RouteFeatures> forward(const torch::Tensor& image,
                                               const std::vector<std::string>& routes) override;
  NamedParameters own_parameters(const std::string& route) const override;
  std::set<std::string> routes_of(const std::string& parameter) const override;
  bool one_way_transfer_possible(const std::string&) const override { return true; }
  std::vector<std::pair<size_t, Stage*>> stage_modules() const override;
  // Where each route's own stages begin, unless a shared one comes after them.
  bool names_cut() const override;

 protected:
  // Whether the instance of a stage on a route counts as shared.
  virtual bool is_shared(size_t stage, const std::string& route) const {
    return users(stage, table_[stage].at(route)).size() > 1;
  }

 private:
  // Routes that run through an instance of a stage.
  std::set<std::string> users(size_t stage, const std::string& instance) const;

  StageTable table_;
  std::vector<std::map<std::string, std::shared_ptr<Stage>>> instances_;  // by stage, by name
  std::vector<StageInfo> stages_;
};

}  // namespace tasuki::architectures
