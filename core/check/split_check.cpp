#include "tasuki/check/split_check.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "tasuki/io/jpeg_damage.h"
#include "tasuki/model/label_range.h"

namespace tasuki {
namespace {

// A data set that counts what it loads, on its way to those who ask for it.
class CountingDataset final : public Dataset {
 public:
  CountingDataset(std::shared_ptr<const Dataset> inner,
                  const std::map<std::string, FieldMeaning>& meanings)
      : inner_(std::move(inner)) {
    for (const auto& [kind, meaning] : meanings) meanings_[&field_kind(kind)] = meaning;
  }

  std::vector<std::string> splits() const override { return inner_->splits(); }
  size_t size(const std::string& split) const override { return inner_->size(split); }
  IdList ids(const std::string& split) const override { return inner_->ids(split); }
  std::vector<std::string> class_names(const std::string& field) const override {
    return inner_->class_names(field);
  }
  Sample load(const std::string& split, size_t index) const override {
    Sample sample = inner_->load(split, index);
    std::map<std::string, FieldSummary> found;
    for (const auto& [name, field] : sample.fields) {
      const auto meaning = meanings_.find(field.kind);
      found[name].add(field, meaning == meanings_.end() ? FieldMeaning::kPlain : meaning->second,
                      sample.camera);
    }
    const std::lock_guard lock(mutex_);
    for (const auto& [name, summary] : found) fields_[name].merge(summary);
    return sample;
  }

  std::map<std::string, FieldSummary> fields() const {
    const std::lock_guard lock(mutex_);
    return fields_;
  }

 private:
  const std::shared_ptr<const Dataset> inner_;
  std::map<const FieldKind*, FieldMeaning> meanings_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, FieldSummary> fields_;
};

// The task and its metrics take the label; any logits will do.
void check_label(const Task& task, const Field& field, TaskMetrics& metrics) {
  if (field.kind != &field_kind(task.field_kind())) {
    throw Error(ErrorKind::kData, "its field is not of kind " + task.field_kind());
  }
  if (const auto wrong = task.label_error(field.value); !wrong.empty()) {
    throw Error(ErrorKind::kData, wrong);
  }
  const auto label = to_tensor(field, {});
  const auto logits = torch::ones({1, task.channels(), 1, 1})
                          .expand({1, task.channels(), field.value.rows, field.value.cols});
  try {
    metrics.accumulate(task.predict(logits)[0], label);
  } catch (const c10::Error& failure) {
    throw Error(ErrorKind::kData, failure.what_without_backtrace());
  }
}

bool has_classes(const Task& task) {
  return field_kind(task.field_kind()).tensor_type() == FieldKind::TensorType::kIndex;
}

FieldSummary::Stored stored_of(const std::string& file, int bits) {
  const cv::Mat values = read_stored_values(file, {}, Lossy::kTaken);
  FieldSummary::Stored stored{bits};
  cv::minMaxLoc(values.reshape(1), &stored.least, &stored.most);
  return stored;
}

// The tasks whose labels a run may look at behind a pipeline: what is only a source of
// self-auxiliaries is never evaluated.
std::vector<const ModelTask*> labelled(const std::vector<ModelTask>& tasks,
                                       Experiment::Pipeline pipeline) {
  std::vector<const ModelTask*> found;
  for (const auto& task : tasks) {
    if (task.joint || pipeline == Experiment::Pipeline::kTrain) found.push_back(&task);
  }
  return found;
}

// One split in the making.
class Checker {
 public:
  Checker(const SplitCheck& check, const std::string& split, Experiment::Pipeline pipeline)
      : Checker(check, split, pipeline, pipeline_input(check.config, check.dataset, pipeline)) {}

  SplitSummary run(int threads) {
    std::vector<std::jthread> workers;
    workers.reserve(size_t(threads));
    for (int i = 0; i < threads; ++i) workers.emplace_back([this] { work(); });
    workers.clear();
    SplitSummary summary{source_.size(), dataset_->fields(), {}, {}};
    add_missing(summary);
    for (const auto& [name, stored] : stored_) summary.fields[name].merge(stored);
    for (auto& [index, found] : findings_) {
      for (auto& finding : found) summary.findings.push_back(std::move(finding));
    }
    for (const auto& [name, field] : summary.fields) {
      if (const auto finding = field.finding(); !finding.empty()) {
        of_split_.push_back("field " + name + " of split " + source_.split() + ": " + finding);
      }
    }
    if (pipeline_ == Experiment::Pipeline::kTrain) report_absent_classes(summary);
    report_sizes();
    for (const auto& [name, files] : oriented_) summary.notes.push_back(note_of(name, files));
    report_ranges(summary);
    for (auto& finding : of_split_) summary.findings.push_back(std::move(finding));
    return summary;
  }

 private:
  using MetricsByTask = std::map<std::string, TaskMetrics>;

  Checker(const SplitCheck& check, const std::string& split, Experiment::Pipeline pipeline,
          PipelineInput input)
      : pipeline_(pipeline),
        tasks_(labelled(check.tasks, pipeline)),
        batch_size_(batch_size_of(check.config, pipeline)),
        ignores_orientation_(image_reading(check.config).ignore_orientation),
        dataset_(std::make_shared<CountingDataset>(input.dataset, check.meanings)),
        source_(dataset_, split, std::move(input.transforms), options(check, tasks_)),
        at_sample_(check.at_sample) {}

  // What a collate of the config's own takes, it says itself.
  static size_t batch_size_of(const ResolvedConfig& config, Experiment::Pipeline pipeline) {
    if (pipeline == Experiment::Pipeline::kTrain && config.message().data().has_collate()) return 1;
    Experiment experiment;
    experiment.config = config;
    return experiment.loader_options(pipeline).batch_size;
  }

  static SampleSource::Options options(const SplitCheck& check,
                                       const std::vector<const ModelTask*>& tasks) {
    SampleSource::Options options;
    options.seed = check.config.message().train().seed();
    options.all_fields = tasks.empty();
    for (const auto* task : tasks) options.fields.push_back(task->field);
    return options;
  }

  void work() {
    const torch::NoGradGuard no_grad;
    MetricsByTask metrics;
    for (const auto* task : tasks_) metrics[task->name] = task->make_metrics();
    for (size_t i = next_++; i < source_.size(); i = next_++) {
      std::vector<std::string> found;
      std::vector<std::string> missing;
      try {
        const Sample prepared = source_.prepared(i);
        const Sample finished = source_.finished(prepared, 0, i);
        check(prepared, finished, i, metrics, found, missing);
        add_size(finished.size(), i);
      } catch (const std::exception& problem) {
        found.push_back(problem.what());
      }
      {
        const std::lock_guard lock(mutex_);
        if (!found.empty()) findings_[i] = std::move(found);
        for (const auto& task : missing) missing_[task].push_back(i);
      }
      at_sample_();
    }
    add_ranges(metrics);
  }

  void add_ranges(const MetricsByTask& metrics) {
    for (const auto& [task, of_task] : metrics) {
      const auto details = of_task.details();
      const std::lock_guard lock(mutex_);
      ranges_[task].add(details);
    }
  }

  void check(const Sample& prepared, const Sample& finished, size_t index, MetricsByTask& metrics,
             std::vector<std::string>& found, std::vector<std::string>& missing) {
    std::vector<std::string> fields = {"image"};
    for (const auto* task : tasks_) {
      if (finished.fields.count(task->field) == 0) {
        missing.push_back(task->name);
        continue;
      }
      fields.push_back(task->field);
      const bool early = prepared.fields.count(task->field) != 0;
      const Field& field = (early ? prepared : finished).field(task->field);
      try {
        check_label(*task->task, field, metrics.at(task->name));
      } catch (const Error& problem) {
        found.push_back(place(prepared, field, index) + ", task " + task->name + ": " +
                        problem.what());
      }
    }
    collate({finished}, {index}, fields);
    check_files(prepared, index, found);
  }

  void check_files(const Sample& sample, size_t index, std::vector<std::string>& found) {
    std::set<std::string> files;  // fields may share one
    for (const auto& [name, field] : sample.fields) {
      if (field.file.empty() || !files.insert(field.file).second) continue;
      const auto damage = jpeg_damage(field.file);
      if (!damage.empty()) {
        found.push_back(place(sample, field, index) + ": damaged JPEG file: " + damage);
      }
      const auto header = read_picture_header(field.file);
      const auto stored = field.kind->mat_type() == CV_8UC3 && header.bits > 8
                              ? std::optional(stored_of(field.file, header.bits))
                              : std::nullopt;
      const std::lock_guard lock(mutex_);
      if (stored) stored_[name].add_stored(*stored);
      if (header.orientation != 1) oriented_[name].insert(field.file);
    }
  }

  std::string note_of(const std::string& field, const std::set<std::string>& files) const {
    return fmt::format(
        "field {}: the files of {} samples ask to be turned or mirrored (EXIF), {}; "
        "the first is {}",
        field, files.size(),
        ignores_orientation_ ? "which data.image.ignore_orientation leaves out"
                             : "and are (data.image.ignore_orientation: true leaves it out)",
        *files.begin());
  }

  std::string place(const Sample& sample, const Field& field, size_t index) const {
    const auto file = field.file.empty() ? sample.field("image").file : field.file;
    return fmt::format("sample {} (split {}, index {}{})", sample.id, source_.split(), index,
                       file.empty() ? "" : ", " + file);
  }

  void add_size(cv::Size size, size_t index) {
    const std::lock_guard lock(mutex_);
    auto& first = first_of_size_.emplace(std::pair(size.height, size.width), index).first->second;
    first = std::min(first, index);
  }

  void report_absent_classes(const SplitSummary& summary) {
    for (const auto* task : tasks_) {
      const auto field = summary.fields.find(task->field);
      if (field == summary.fields.end() || !has_classes(*task->task)) continue;
      const auto absent = field->second.absent_classes(size_t(task->task->channels()),
                                                       dataset_->class_names(task->field));
      if (absent.empty()) continue;
      of_split_.push_back("field " + task->field + " of split " + source_.split() + ": " + absent);
    }
  }

  // What a run would stop at in the first epoch.
  void report_sizes() {
    if (batch_size_ < 2 || first_of_size_.size() < 2) return;
    const auto ids = dataset_->ids(source_.split());
    const auto& [a, of_a] = *first_of_size_.begin();
    const auto& [b, of_b] = *first_of_size_.rbegin();
    of_split_.push_back(fmt::format(
        "the samples of split {} have {} sizes behind the pipeline, such as {} of {}x{} and {} of "
        "{}x{} (height x width), but a batch of {} takes one: crop or resize them, or set the "
        "batch size of data.loader to 1",
        source_.split(), first_of_size_.size(), ids[of_a], a.first, a.second, ids[of_b], b.first,
        b.second, batch_size_));
  }

  // Labels that no figure counts are good to know; most of them are a mistake.
  void report_ranges(SplitSummary& summary) {
    for (const auto& [task, range] : ranges_) {
      const auto text = "task " + task + ": " + range.text();
      if (range.outside == 0) continue;
      if (range.share() <= 0.5) {
        summary.notes.push_back(text);
      } else {
        of_split_.push_back(text + ": " + kRangeAdvice);
      }
    }
  }

  // A field that no sample has is one finding, and one that some lack is one for each of these.
  void add_missing(const SplitSummary& summary) {
    std::vector<std::string> known;
    for (const auto& item : summary.fields) known.push_back(item.first);
    const auto ids = dataset_->ids(source_.split());
    for (const auto* task : tasks_) {
      const auto lacking = missing_.find(task->name);
      if (lacking == missing_.end()) continue;
      const auto problem =
          fmt::format("no field \"{}\"{}, which task {} needs; the data set has: {}", task->field,
                      did_you_mean(task->field, known), task->name, join(known));
      const size_t sound = source_.size() - findings_.size();
      if (lacking->second.size() >= sound) {
        of_split_.push_back("the samples of split " + source_.split() + " have " + problem);
        continue;
      }
      for (const size_t i : lacking->second) {
        findings_[i].push_back(fmt::format("sample {} (split {}, index {}) has {}", ids[i],
                                           source_.split(), i, problem));
      }
    }
  }

  const Experiment::Pipeline pipeline_;
  const std::vector<const ModelTask*> tasks_;
  const size_t batch_size_;
  const bool ignores_orientation_;
  const std::shared_ptr<const CountingDataset> dataset_;
  const SampleSource source_;
  const std::function<void()> at_sample_;
  std::atomic<size_t> next_ = 0;

  std::mutex mutex_;                                     // guards all that follows
  std::map<size_t, std::vector<std::string>> findings_;  // by index
  std::map<std::string, std::vector<size_t>> missing_;   // indices by task
  std::map<std::string, LabelRange> ranges_;             // by task
  std::vector<std::string> of_split_;
  std::map<std::pair<int, int>, size_t> first_of_size_;  // height and width -> least index
  std::map<std::string, FieldSummary> stored_;           // by field, of the files' own numbers
  // By field, the files that ask for another orientation than that of their stored pixels.
  std::map<std::string, std::set<std::string>> oriented_;
};

}  // namespace

SplitSummary check_samples(const SplitCheck& check, const std::string& split,
                           Experiment::Pipeline pipeline) {
  return Checker(check, split, pipeline).run(check.threads);
}

}  // namespace tasuki
