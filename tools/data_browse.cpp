#include <iostream>

#include "tasuki/engine/sample_page.h"
#include "tasuki/io/files.h"
#include "tasuki/io/output_folder.h"
#include "tools/data.h"

namespace tasuki::tools {
namespace {

struct BrowseOptions {
  ConfigOptions config;
  std::string split;
  size_t count = 24;
  bool transformed = false;
  std::string output;
};

void browse(const BrowseOptions& options) {
  const auto config = options.config.load();
  const auto dataset = build_dataset(config, options.config.root());
  const auto tasks = data_tasks(config, *dataset);
  if (std::filesystem::path(options.output).extension() != ".html") {
    throw Error(ErrorKind::kUsage,
                "--output " + options.output + ": the name of a page ends in .html");
  }
  check_output(options.output, {options.config.file});
  Experiment names;
  names.config = config;
  const auto split = options.split.empty() ? names.train_split() : options.split;
  if (!has_split(*dataset, split)) {
    throw unknown_split(split, dataset->splits()).within("--split");
  }
  const auto page = sample_page({config, dataset, tasks, field_kind("tasuki/mask"), split,
                                 options.count, options.transformed});
  write_output(options.output, {options.config.file},
               [&](const std::filesystem::path& file) { write_file_atomically(file, page); });
  std::cout << "Samples: " << options.output << "\n";
}

}  // namespace

void add_data_browse(CLI::App& data) {
  auto options = std::make_shared<BrowseOptions>();
  auto* command = data.add_subcommand(
      "browse", "Draw samples of a split into one page: images, and labels in colour");
  options->config.add_to(*command);
  command->add_option("--split", options->split, "Split to show (default: the training split)");
  command->add_option("-n,--samples", options->count, "How many, evenly spread over the split")
      ->capture_default_str()
      ->check(kAboveZero);
  command->add_flag("--transformed", options->transformed,
                    "Also show what the split's pipeline makes of them in the first epoch");
  command
      ->add_option(
          "-o,--output", options->output,
          "Page to write (.html); one that is there is replaced where it is of the same config")
      ->required();
  command->footer(
      "Example: tasuki data browse configs/rooms/quickstart.pbtxt -n 12 --transformed -o "
      "rooms.html");
  command->callback([options] { browse(*options); });
}

}  // namespace tasuki::tools
