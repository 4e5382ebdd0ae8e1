#pragma once

#include <memory>
#include <string>

#include "tasuki/distributed/launch.h"
#include "tasuki/error/error.h"
#include "tasuki/step/collective.h"

namespace tasuki {

// Another process of the training has failed or is gone: what a collective throws then.
class ProcessLost : public Error {
 public:
  ProcessLost(const std::string& message, bool is_told)
      : Error(ErrorKind::kRun, message), is_told_(is_told) {}

  // Whether the message is the other's, who has told it itself.
  bool is_told() const { return is_told_; }

 private:
  bool is_told_;
};

// The processes of a training, connected through LibTorch's c10d with Gloo. Tensors may be of any
// floating type and on any device: halves are summed in float32, what is not in the processor's
// memory goes through it. Every function throws ProcessLost (kRun) where another process is gone,
// within a second of its end, and where one has not answered for half an hour.
class ProcessGroup : public Collective {
 public:
  // Leaves a message for the others, who find it when their next collective fails. The first one
  // stays: whether this is it, and so the one to be told. Never throws.
  virtual bool fail(const std::string& message) noexcept = 0;
  virtual const Launch& launch() const = 0;
};

// Whether this Tasuki was built with Gloo.
bool has_process_groups();

// Meets the other processes of the launch. Error (kRun) where they don't all come within ten
// minutes; (kUsage) where Tasuki was built without Gloo. GLOO_SOCKET_IFNAME names the network
// interface to be taken (PyTorch's variable); otherwise it is the loopback of processes of one
// machine, or that of the machine's host name.
//
// Example:
//   if (const auto launch = launch_of_process()) {
//     const auto group = join_processes(*launch);
//     group->sum(counts);
//   }
std::unique_ptr<ProcessGroup> join_processes(const Launch& launch);

}  // namespace tasuki
