#include <torch/torch.h>

#include <cmath>
#include <sstream>

#include "plugins/hooks/hooks.pb.h"
#include "tasuki/engine/hook.h"
#include "tasuki/engine/look_ahead.h"
#include "tasuki/engine/parameter_parts.h"
#include "tasuki/engine/precision.h"
#include "tasuki/engine/step_losses.h"
#include "tasuki/io/files.h"
#include "tasuki/registry/registry.h"
#include "tasuki/study/affinity.h"

namespace tasuki::hooks {
namespace {

using nlohmann::json;

// Sums over the measurements of an epoch, by ordered pair of objectives.
class PairMeans {
 public:
  explicit PairMeans(size_t tasks) : sums_(tasks * tasks), counts_(tasks * tasks), tasks_(tasks) {}

  void add(size_t from, size_t to, double value) {
    if (!std::isfinite(value)) return;
    sums_[from * tasks_ + to] += value;
    ++counts_[from * tasks_ + to];
  }

  // What a checkpoint in the middle of an epoch holds, and what it held.
  json state() const { return {{"sums", sums_}, {"counts", counts_}}; }
  void load(const json& state) {
    auto sums = state.at("sums").get<std::vector<double>>();
    auto counts = state.at("counts").get<std::vector<int>>();
    if (sums.size() != sums_.size() || counts.size() != counts_.size()) {
      throw Error(ErrorKind::kData, "Affinity: the saved measurements are of other tasks");
    }
    sums_ = std::move(sums);
    counts_ = std::move(counts);
  }

  // {from: {to: mean}}; null where nothing finite was measured.
  json means(const std::vector<std::string>& names) const {
    json out = json::object();
    for (size_t i = 0; i < tasks_; ++i) {
      for (size_t j = 0; j < tasks_; ++j) {
        const size_t at = i * tasks_ + j;
        if (i == j) continue;
        out[names[i]][names[j]] = counts_[at] > 0 ? json(sums_[at] / counts_[at]) : json();
      }
    }
    return out;
  }

 private:
  std::vector<double> sums_;
  std::vector<int> counts_;
  size_t tasks_;
};

// Everything that a measurement touches, put back bit for bit when it is over: parameter values and
// gradients, buffers (BatchNorm's statistics), the random generator.
class Untouched {
 public:
  explicit Untouched(Run& run)
      : device_(run.experiment.device),
        buffers_(*run.experiment.model),
        theta_(*run.parameters, kept_values_),
        gradient_(run.parameters->gradient()),
        kept_gradient_(gradient_.clone()),
        random_(random_state(device_)) {}
  ~Untouched() {
    gradient_.copy_(kept_gradient_);
    restart_random();
  }
  Untouched(const Untouched&) = delete;
  Untouched& operator=(const Untouched&) = delete;

  // The parameters, without autograd.
  torch::Tensor& values() { return theta_.values(); }
  void restore_values() { theta_.restore(); }
  // So that every forward pass draws the same numbers (dropout).
  void restart_random() { set_random_state(device_, random_); }

 private:
  torch::Device device_;
  KeptBuffers buffers_;
  torch::Tensor kept_values_;
  KeptParameters theta_;
  torch::Tensor gradient_, kept_gradient_, random_;
};

class Affinity : public Hook {
 public:
  Affinity(const options::Affinity& options, const Context&)
      : every_(options.every()), every_epochs_(options.every_epochs()) {
    const auto asked = [&](options::Affinity::Measure measure) {
      return std::count(options.measure().begin(), options.measure().end(), measure) > 0;
    };
    look_ahead_ = asked(options::Affinity::LOOK_AHEAD);
    cosine_ = asked(options::Affinity::COSINE);
  }

  bool only_observes() const override { return true; }

  // A resumed run keeps the lines of the epochs that it goes on from.
  void before_run(Run& run) override {
    lines_.clear();
    const auto file = run.work_dir / kAffinityFile;
    if (run.resumed && std::filesystem::exists(file)) keep_lines(read_file(file), run.epoch);
    shared_ = parameter_parts(*run.experiment.model, *run.parameters).shared;
  }

  void before_epoch(Run& run) override {
    objectives_.clear();
    names_.clear();
    for (const auto& objective : run.active.objectives) {
      if (objective.auxiliary) continue;
      objectives_.push_back(objective);
      names_.push_back(objective.name);
    }
    look_aheads_ = PairMeans(names_.size());
    cosines_ = PairMeans(names_.size());
    measured_ = 0;
    if (run.epoch_step > 0 && !saved_.is_null()) {
      measured_ = saved_.at("measurements");
      look_aheads_.load(saved_.at("look_aheads"));
      cosines_.load(saved_.at("cosines"));
    }
    saved_ = json();
  }

  json state() const override {
    if (measured_ == 0) return {};
    return {{"measurements", measured_},
            {"look_aheads", look_aheads_.state()},
            {"cosines", cosines_.state()}};
  }
  void load_state(const json& state) override { saved_ = state; }

  void after_step(Run& run) override {
    const bool due = run.step % every_ == 0 && run.epoch % every_epochs_ == 0;
    if (!due || names_.size() < 2 || shared_.empty()) return;
    measure(run);
    ++measured_;
  }

  void after_epoch(Run& run) override {
    if (measured_ == 0) return;
    json line = {{"epoch", run.epoch + 1}, {"measurements", measured_}};
    if (look_ahead_) line["affinity"] = look_aheads_.means(names_);
    if (cosine_) line["cosine"] = cosines_.means(names_);
    lines_ += line.dump() + "\n";
    write_file_atomically(run.work_dir / kAffinityFile, lines_);
    measured_ = 0;
  }

 private:
  void keep_lines(const std::string& text, int64_t epochs) {
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
      const auto entry = json::parse(line, nullptr, false);
      const auto epoch = entry.is_object() ? entry.find("epoch") : entry.end();
      if (epoch == entry.end() || !epoch->is_number_integer()) continue;
      if (epoch->get<int64_t>() <= epochs) lines_ += line + "\n";
    }
  }

  torch::Tensor shared_part(const torch::Tensor& all) const {
    std::vector<torch::Tensor> parts;
    for (const auto& span : shared_) parts.push_back(all.slice(0, span.begin, span.end));
    return torch::cat(parts);
  }

  void measure(Run& run) {
    // Differences of losses drown in the rounding of bf16 and TF32.
    const ExactFloat32 exact(run.experiment.device);
    Untouched untouched(run);
    untouched.restart_random();
    const auto losses = exact_losses(run.experiment, *run.batch, objectives_);
    const auto gradients = shared_gradients(run, losses);
    if (cosine_) add_cosines(gradients);
    if (look_ahead_) add_look_aheads(run, untouched, losses, gradients);
  }

  // Of each loss.
  std::vector<torch::Tensor> shared_gradients(Run& run,
                                              const std::vector<torch::Tensor>& losses) const {
    std::vector<torch::Tensor> gradients;
    for (size_t i = 0; i < losses.size(); ++i) {
      run.parameters->zero_gradient();
      losses[i].backward({}, i + 1 < losses.size());
      gradients.push_back(shared_part(run.parameters->gradient()));
    }
    return gradients;
  }

  void add_cosines(const std::vector<torch::Tensor>& gradients) {
    const auto matrix = torch::stack(gradients).to(torch::kFloat64);
    const auto unit = matrix / matrix.norm(2, 1, true);
    const auto cosines = unit.matmul(unit.t()).cpu();
    for (size_t i = 0; i < gradients.size(); ++i) {
      for (size_t j = 0; j < gradients.size(); ++j) {
        cosines_.add(i, j, cosines[int64_t(i)][int64_t(j)].item<double>());
      }
    }
  }

  // Losses after a plain step of the present learning rate on each task's gradient, which moves the
  // shared parameters alone.
  void add_look_aheads(const Run& run, Untouched& untouched,
                       const std::vector<torch::Tensor>& losses,
                       const std::vector<torch::Tensor>& gradients) {
    if (run.last.learning_rate <= 0) return;
    const torch::NoGradGuard no_grad;
    for (size_t i = 0; i < gradients.size(); ++i) {
      step_shared(untouched.values(), gradients[i], run.last.learning_rate);
      untouched.restart_random();
      const auto after = exact_losses(run.experiment, *run.batch, objectives_);
      for (size_t j = 0; j < after.size(); ++j) {
        look_aheads_.add(i, j, 1 - after[j].item<double>() / losses[j].item<double>());
      }
      untouched.restore_values();
    }
  }

  void step_shared(torch::Tensor& values, const torch::Tensor& gradient, double rate) const {
    int64_t at = 0;
    for (const auto& span : shared_) {
      const int64_t size = span.end - span.begin;
      values.slice(0, span.begin, span.end).sub_(gradient.slice(0, at, at + size), rate);
      at += size;
    }
  }

  int64_t every_, every_epochs_;
  bool look_ahead_ = true, cosine_ = true;
  std::vector<ParameterSpace::Segment> shared_;
  std::vector<Objective> objectives_;  // primaries of this epoch
  std::vector<std::string> names_;
  PairMeans look_aheads_{0}, cosines_{0};
  int measured_ = 0;
  json saved_;  // state of an epoch that goes on
  std::string lines_;
};

}  // namespace

TASUKI_REGISTER(Hook, Affinity, options::Affinity, "tasuki/Affinity");

}  // namespace tasuki::hooks
