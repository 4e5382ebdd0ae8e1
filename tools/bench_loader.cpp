#include <fmt/format.h>

#include <iostream>
#include <opencv2/core.hpp>

#include "tasuki/bench/loader_bench.h"
#include "tools/bench.h"

namespace tasuki::tools {
namespace {

void print(size_t workers, const std::vector<LoaderPass>& passes) {
  double files = 0;
  for (const auto& pass : passes) {
    if (pass.name == "files") files = pass.speed;
  }
  for (const auto& pass : passes) {
    std::cout << fmt::format("{:<14}{:>9}{:>12.1f}{:>14.3f}{:>9.2f}{:>14}\n", pass.name, workers,
                             pass.speed, 1e3 / pass.speed, pass.speed / files,
                             pass.megabytes ? fmt::format("{:.3f}", *pass.megabytes) : "-");
  }
}

}  // namespace

void bench_loader(const BenchOptions& options) {
  LoaderBench bench(options.config.load(), options.config.root(), size_t(options.samples));
  std::cout << fmt::format("Loader, {} samples of split {}, batches of {}\n", bench.samples(),
                           bench.split(), bench.batch_size());
  std::cout << fmt::format("{:<14}{:>9}{:>12}{:>14}{:>9}{:>14}\n", "read from", "workers",
                           "images/s", "ms a sample", "ratio", "MB a sample");
  for (const size_t workers : {0, 1, 2}) print(workers, bench.passes(workers));
  const auto [read, load] = bench.files_alone();
  if (read <= 0) return;
  std::cout << fmt::format(
      "Files: cv::imread alone {:.2f} ms a sample, loading {:.2f} ms, ratio {:.2f}\n", read, load,
      load / read);
}

}  // namespace tasuki::tools
