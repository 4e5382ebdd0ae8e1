#include "tasuki/engine/report_builder.h"

#include <algorithm>
#include <limits>
#include <sstream>

#include "tasuki/io/files.h"

#include "tasuki/model/label_range.h"

namespace tasuki {
namespace {

using nlohmann::json;

// "confusion" and "class_names" of a task's details, where it has them.
void add_confusion(report::Report& report, const TaskEvaluation& task) {
  const auto counts = task.details.find("confusion");
  const auto classes = task.details.find("class_names");
  if (counts == task.details.end() || classes == task.details.end()) return;
  report.confusions.push_back({task.task, classes->get<std::vector<std::string>>(),
                               counts->get<std::vector<std::vector<int64_t>>>()});
}

class Curves {
 public:
  void add(const std::string& name, double x, const json& value) {
    auto [found, fresh] = index_.emplace(name, series_.size());
    if (fresh) series_.push_back({name, {}, {}});
    auto& series = series_[found->second];
    series.x.push_back(x);
    series.y.push_back(value.is_number() ? value.get<double>()
                                         : std::numeric_limits<double>::quiet_NaN());
  }
  std::vector<report::ReportSeries> take() { return std::move(series_); }

 private:
  std::map<std::string, size_t> index_;
  std::vector<report::ReportSeries> series_;
};

// Coefficients that are 1 throughout say nothing: those of equal weighting without
// self-auxiliaries.
void drop_plain_coefficients(std::vector<report::ReportSeries>& series) {
  const auto is_coefficient = [](const report::ReportSeries& one) {
    return one.name.starts_with("coefficient/");
  };
  const auto is_plain = [&](const report::ReportSeries& one) {
    return !is_coefficient(one) ||
           std::all_of(one.y.begin(), one.y.end(), [](double value) { return value == 1; });
  };
  if (std::all_of(series.begin(), series.end(), is_plain)) std::erase_if(series, is_coefficient);
}

}  // namespace

report::Legend report_legend(const Legend& legend, const std::string& of) {
  if (legend.classes.empty()) {
    return report::ColourBar{of, legend.unit, legend.least, legend.most, legend.colormap};
  }
  report::ClassLegend classes{of, {}};
  for (const auto& entry : legend.classes) classes.classes.push_back({entry.name, entry.bgr});
  return classes;
}

bool is_empty(const Legend& legend) {
  return legend.classes.empty() && legend.colormap.empty();
}

report::Report report_of(const Experiment& experiment, const Evaluation& evaluation) {
  const auto& config = experiment.config.message();
  const auto& protocol = config.protocol();
  report::Report report;
  report.facts = {{"Protocol", protocol.name().empty() ? "unnamed" : protocol.name()},
                  {"Data set", config.data().dataset().type_url()},
                  {"Split", evaluation.split},
                  {"Samples", std::to_string(evaluation.samples)}};
  report.protocol_notes.assign(protocol.note().begin(), protocol.note().end());
  report.averaging = protocol.averaging() == IMAGE
                         ? "over images, each image's own value counting once (IMAGE)"
                         : "over all valid pixels of the split (PIXEL)";
  for (const auto& task : evaluation.tasks) {
    for (const auto& value : task.values) {
      report.metrics.push_back({task.task, value.info.name, value.info.unit, value.value,
                                value.info.higher_is_better, value.info.in_protocol});
    }
    add_confusion(report, task);
    LabelRange range;
    range.add(task.details);
    if (range.outside > 0) report.protocol_notes.push_back(task.task + ": " + range.text());
  }
  report.config = experiment.config.text();
  return report;
}

void add_panels(report::Report& report, const Experiment& experiment,
                const PredictedSample& sample) {
  for (const auto* entry : experiment.tasks()) {
    const auto& task = *entry->task;
    const auto& label = sample.labels.at(entry->name);
    const auto& prediction = sample.predictions.at(entry->name);
    const auto range = task.value_range(label);
    report::ReportPanel panel{sample.info.id, entry->name, {}, {}};
    panel.pictures = {{"image", sample.image},
                      {"label", task.draw(label, range)},
                      {"prediction", task.draw(prediction, range)},
                      {"error", task.draw_error(prediction, label)}};
    const auto values = task.legend(range);
    const auto errors = task.error_legend();
    if (!is_empty(values)) panel.legends.push_back(report_legend(values, "label and prediction"));
    if (!is_empty(errors)) panel.legends.push_back(report_legend(errors, "error"));
    report.panels.push_back(std::move(panel));
  }
}

std::vector<report::ReportSeries> read_history(const std::filesystem::path& file) {
  std::istringstream in(path_exists(file) ? read_file(file) : "");
  Curves curves;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const auto entry = json::parse(line, nullptr, false);
    if (!entry.is_object() || !entry.contains("epoch") || !entry["epoch"].is_number()) {
      throw Error(ErrorKind::kData, file.string() + ":" + std::to_string(number) +
                                        ": not a line of a training history");
    }
    const double epoch = entry["epoch"];
    const auto nested = [&](const char* key, const std::string& prefix) {
      if (!entry.contains(key)) return;
      for (const auto& [name, value] : entry[key].items()) {
        curves.add(prefix + name, epoch, value);
      }
    };
    nested("loss", "loss/");
    nested("auxiliary_loss", "loss of self-auxiliaries/");
    nested("extra_loss", "extra loss/");
    nested("coefficient", "coefficient/");
    if (entry.contains("lr")) curves.add("lr", epoch, entry["lr"]);
    nested("val", "val/");
  }
  auto series = curves.take();
  drop_plain_coefficients(series);
  return series;
}

}  // namespace tasuki
