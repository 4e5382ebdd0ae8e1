#pragma once

#include <google/protobuf/any.pb.h>

#include <string>
#include <vector>

#include "tasuki/model/coefficient.h"

namespace tasuki {

// What a policy asks for: a clone of task `from` that trains the route of task `to` (one way), with
// a decoder of its own, in training only.
struct Transfer {
  std::string from;
  std::string to;
  CoefficientSchedule coefficient;
  google::protobuf::Any decoder;  // empty: the decoder of `from`
  std::string field;              // where the policy's options ask for it: "edge[0]", "" for all
};

// A policy that adds self-auxiliaries to a model: tasks -> transfers.
class SelfAuxiliary {
 public:
  static constexpr const char* kKind = "SelfAuxiliary";
  struct Context {
    std::vector<std::string> sources;  // all tasks of the config, in its order
    std::vector<std::string> targets;  // those of them that have a route: the joint ones
  };

  virtual ~SelfAuxiliary() = default;

  // The model checks what every policy has to keep: both tasks exist, they differ, the target has a
  // route with parameters of its own, no transfer is there twice.
  virtual std::vector<Transfer> transfers() const = 0;
};

}  // namespace tasuki
