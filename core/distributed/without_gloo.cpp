// Instead of gloo_group.cpp where Gloo's headers were not found.
#include "tasuki/distributed/process_group.h"

namespace tasuki {

bool has_process_groups() {
  return false;
}

std::unique_ptr<ProcessGroup> join_processes(const Launch& launch) {
  throw Error(
      ErrorKind::kUsage,
      "this process was started by " + launch.origin +
          ", and this Tasuki was built for one process: Gloo's headers were not found "
          "(Debian: libgloo-dev), or LibTorch has no Gloo; install them and configure anew");
}

}  // namespace tasuki
