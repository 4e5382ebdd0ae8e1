#include "tasuki/engine/sample_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "tasuki/engine/evaluate.h"
#include "tasuki/engine/report_builder.h"
#include "tasuki/report/page.h"
#include "tasuki/report/sections.h"

namespace tasuki {
namespace {

// Yes is white, no is black, grey where it is unknown.
cv::Mat draw_mask(const cv::Mat& mask) {
  cv::Mat picture(mask.size(), CV_8UC3, cv::Scalar::all(128));
  picture.setTo(cv::Scalar::all(0), mask == 0);
  picture.setTo(cv::Scalar::all(255), mask == 1);
  return picture;
}

// Masks that no task learns: the data set has them for tasks of plugins.
void add_masks(const Sample& sample, const std::vector<ModelTask>& tasks, const FieldKind& mask,
               report::ReportPanel& panel) {
  for (const auto& [name, field] : sample.fields) {
    const bool learnt = std::any_of(tasks.begin(), tasks.end(),
                                    [&](const auto& task) { return task.field == name; });
    if (learnt || field.kind != &mask) continue;
    panel.pictures.emplace_back(name + " (white: yes)", draw_mask(field.value));
  }
}

// A sample's image, the labels of all tasks that have one, and masks that none has.
report::ReportPanel panel_of(const std::string& id, const std::string& caption,
                             const Sample& sample, const SamplePage& page) {
  report::ReportPanel panel{caption, id, {{"image", sample.field("image").value}}, {}};
  for (const auto& task : page.tasks) {
    const auto field = sample.fields.find(task.field);
    if (field == sample.fields.end()) continue;
    const auto& value = field->second.value;
    const auto range = task.task->value_range(value);
    panel.pictures.emplace_back(task.name, task.task->draw(value, range));
    const auto legend = task.task->legend(range);
    if (is_empty(legend) || !legend.classes.empty()) continue;
    panel.legends.push_back(report_legend(legend, task.name));
  }
  add_masks(sample, page.tasks, page.mask, panel);
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

Experiment::Pipeline pipeline_of(const SamplePage& page) {
  Experiment names;
  names.config = page.config;
  return page.split == names.train_split() ? Experiment::Pipeline::kTrain
                                           : Experiment::Pipeline::kEvaluate;
}

}  // namespace

std::string sample_page(const SamplePage& page) {
  const auto pipeline = pipeline_of(page);
  const char* name =
      pipeline == Experiment::Pipeline::kTrain ? "train_pipeline, first epoch" : "eval_pipeline";
  SampleSource::Options options;
  options.all_fields = true;
  options.seed = page.config.message().train().seed();
  auto input = pipeline_input(page.config, page.dataset, pipeline);
  const SampleSource source(input.dataset, page.split, std::move(input.transforms), options);
  report::Report all;
  for (const size_t index : spread_indices(source.size(), page.count)) {
    const Sample stored = input.dataset->load(page.split, index);
    all.panels.push_back(panel_of(stored.id, "as stored", stored, page));
    if (!page.transformed) continue;
    all.panels.push_back(
        panel_of(stored.id, fmt::format("after the {}", name), source.get(0, index), page));
  }
  const auto& type = page.config.message().data().dataset().type_url();
  const auto header =
      report::element("p", {{"class", "soft"}},
                      fmt::format("{}, split {}: {} of {} samples, evenly spread", type, page.split,
                                  std::min(page.count, source.size()), source.size()));
  return report::render_page(
      {fmt::format("{}: samples", page.config.message().name()),
       header,
       {{"samples", "Samples", class_legends(page.tasks) + report::panels_section(all)}}});
}

}  // namespace tasuki
