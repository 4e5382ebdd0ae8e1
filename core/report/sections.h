#pragma once

#include <vector>

#include "tasuki/report/chart.h"
#include "tasuki/report/html.h"
#include "tasuki/report/report.h"

namespace tasuki::report {

// The parts of a report, each empty where there is nothing to show.

// Facts of the run.
Html facts_header(const Report& report);
// Metrics by task, those of the protocol first and in bold; averaging, absent classes and notes.
Html metrics_section(const Report& report);
// Charts of the history.
Html curves_section(const Report& report);
// For each confusion the row-normalised heat map, and beside it the classes' IoU.
Html confusion_section(const Report& report);
// Pictures with their legends, by task.
Html panels_section(const Report& report);
// The command and the resolved config.
Html reproduce_section(const Report& report);

// The history as charts: one per prefix, and of metrics (a task and a name, divided by ".") one per
// task, unit and direction, so that lines of one chart can be compared. Charts are in order of
// first appearance. A chart without a unit, a direction or values <= 0 that spans more than a
// factor of 50 (losses) is logarithmic.
std::vector<LineChart> charts_of(const Report& report);

// The elements' tasks, each once, in order of first appearance.
template <class Element>
std::vector<std::string> tasks_of(const std::vector<Element>& elements) {
  std::vector<std::string> tasks;
  for (const auto& element : elements) {
    bool known = false;
    for (const auto& task : tasks) known = known || task == element.task;
    if (!known) tasks.push_back(element.task);
  }
  return tasks;
}

}  // namespace tasuki::report
