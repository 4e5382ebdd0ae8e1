#include <fmt/format.h>

#include <iostream>

#include "core/data/files.h"
#include "core/data/output_folder.h"
#include "core/engine/report_builder.h"
#include "core/loader/loader.h"
#include "core/report/page.h"
#include "core/report/sections.h"
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

// Yes is white, no is black, grey where it is unknown.
cv::Mat draw_mask(const cv::Mat& mask) {
  cv::Mat picture(mask.size(), CV_8UC3, cv::Scalar::all(128));
  picture.setTo(cv::Scalar::all(0), mask == 0);
  picture.setTo(cv::Scalar::all(255), mask == 1);
  return picture;
}

// Masks that no task learns: the data set has them for tasks of plugins.
void add_masks(const Sample& sample, const std::vector<ModelTask>& tasks,
               report::ReportPanel& panel) {
  for (const auto& [name, field] : sample.fields) {
    const bool learnt = std::any_of(tasks.begin(), tasks.end(),
                                    [&](const auto& task) { return task.field == name; });
    if (learnt || field.kind != &field_kind("tasuki/mask")) continue;
    panel.pictures.emplace_back(name + " (white: yes)", draw_mask(field.value));
  }
}

// A sample's image, the labels of all tasks that have one, and masks that none has.
report::ReportPanel panel_of(const std::string& id, const std::string& caption,
                             const Sample& sample, const std::vector<ModelTask>& tasks) {
  report::ReportPanel panel{caption, id, {{"image", sample.field("image").value}}, {}};
  for (const auto& task : tasks) {
    const auto field = sample.fields.find(task.field);
    if (field == sample.fields.end()) continue;
    const auto& value = field->second.value;
    const auto range = task.task->value_range(value);
    panel.pictures.emplace_back(task.name, task.task->draw(value, range));
    const auto legend = task.task->legend(range);
    if (is_empty(legend) || !legend.classes.empty()) continue;
    panel.legends.push_back(report_legend(legend, task.name));
  }
  add_masks(sample, tasks, panel);
  return panel;
}

// Colours that mean the same in every sample; those of values have a range of each sample.
report::Html class_legends(const std::vector<ModelTask>& tasks) {
  report::Html legends;
  for (const auto& task : tasks) {
    const auto legend = task.task->legend({0, 1});
    if (!legend.classes.empty()) legends += report::legend(report_legend(legend, task.name));
  }
  return report::element("div", {{"class", "legends"}}, legends);
}

class Browser {
 public:
  explicit Browser(const BrowseOptions& options)
      : options_(options),
        config_(options.config.load()),
        dataset_(build_dataset(config_, options.config.root())),
        tasks_(data_tasks(config_, *dataset_)) {
    if (std::filesystem::path(options.output).extension() != ".html") {
      throw Error(ErrorKind::kUsage,
                  "--output " + options.output + ": the name of a page ends in .html");
    }
    check_output(options.output, {options.config.file});
    names_.config = config_;
    split_ = options.split.empty() ? names_.train_split() : options.split;
    if (!has_split(*dataset_, split_)) {
      throw unknown_split(split_, dataset_->splits()).within("--split");
    }
  }

  void write() const {
    SampleSource::Options source_options;
    source_options.all_fields = true;
    source_options.seed = config_.message().train().seed();
    auto input = pipeline_input(config_, dataset_, pipeline());
    const SampleSource source(input.dataset, split_, std::move(input.transforms), source_options);
    report::Report all;
    for (const size_t index : spread_indices(source.size(), options_.count)) {
      const Sample stored = input.dataset->load(split_, index);
      all.panels.push_back(panel_of(stored.id, "as stored", stored, tasks_));
      if (!options_.transformed) continue;
      all.panels.push_back(panel_of(stored.id, fmt::format("after the {}", pipeline_name()),
                                    source.get(0, index), tasks_));
    }
    const auto& type = config_.message().data().dataset().type_url();
    const auto header =
        report::element("p", {{"class", "soft"}},
                        fmt::format("{}, split {}: {} of {} samples, evenly spread", type, split_,
                                    std::min(options_.count, source.size()), source.size()));
    const auto page = report::render_page(
        {fmt::format("{}: samples", config_.message().name()),
         header,
         {{"samples", "Samples", class_legends(tasks_) + report::panels_section(all)}}});
    write_output(options_.output, {options_.config.file},
                 [&](const std::filesystem::path& file) { write_file_atomically(file, page); });
    std::cout << "Samples: " << options_.output << "\n";
  }

 private:
  Experiment::Pipeline pipeline() const {
    return split_ == names_.train_split() ? Experiment::Pipeline::kTrain
                                          : Experiment::Pipeline::kEvaluate;
  }
  const char* pipeline_name() const {
    return pipeline() == Experiment::Pipeline::kTrain ? "train_pipeline, first epoch"
                                                      : "eval_pipeline";
  }

  const BrowseOptions& options_;
  ResolvedConfig config_;
  std::shared_ptr<const Dataset> dataset_;
  std::vector<ModelTask> tasks_;
  Experiment names_;
  std::string split_;
};

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
  command->callback([options] { Browser(*options).write(); });
}

}  // namespace tasuki::tools
