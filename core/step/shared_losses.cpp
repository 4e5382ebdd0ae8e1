#include "tasuki/step/shared_losses.h"

namespace tasuki {
namespace {

thread_local const SharedLosses* innermost = nullptr;

}  // namespace

SharedLosses::SharedLosses(Collective& processes, bool counts)
    : processes_(processes), counts_(counts), outer_(innermost) {
  innermost = this;
}

SharedLosses::~SharedLosses() {
  innermost = outer_;
}

const SharedLosses* SharedLosses::current() {
  const bool alone = innermost != nullptr && innermost->processes_.size() == 1;
  return alone && innermost->counts_ ? nullptr : innermost;
}

}  // namespace tasuki
