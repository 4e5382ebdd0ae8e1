#include "tasuki/engine/process_settings.h"

#include <ATen/Parallel.h>

#include <opencv2/core/utility.hpp>

#include "tasuki/system/processors.h"

namespace tasuki {

int threads_for(uint32_t wanted) {
  return wanted == 0 ? usable_processors() : static_cast<int>(wanted);
}

ThreadSettings::ThreadSettings(uint32_t wanted)
    : torch_threads_(at::get_num_threads()), opencv_threads_(cv::getNumThreads()) {
  at::set_num_threads(threads_for(wanted));
  cv::setNumThreads(1);  // unlike 0, getNumThreads() gives that back with every framework
}

ThreadSettings::~ThreadSettings() {
  at::set_num_threads(torch_threads_);
  cv::setNumThreads(opencv_threads_);
}

}  // namespace tasuki
