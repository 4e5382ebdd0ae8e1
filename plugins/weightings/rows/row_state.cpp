#include "plugins/weightings/rows/row_state.h"

#include <torch/torch.h>

#include <numeric>

namespace tasuki::weightings {
namespace {

double read_number(const std::map<std::string, torch::Tensor>& kept, const std::string& key,
                   double first) {
  const auto found = kept.find(key);
  return found == kept.end() ? first : found->second.item<double>();
}

}  // namespace

RowState::RowState(std::string method, const Weighting::Context& context,
                   std::set<std::string> keeps)
    : method_(std::move(method)), keeps_(std::move(keeps)), parts_{"shared"} {
  for (const auto& [route, spans] : context.own) parts_.insert(route);
  for (const auto& objective : context.objectives) objectives_.push_back(objective.name);
}

std::string RowState::key(const RowGroup& group, size_t i, const std::string& what) const {
  const size_t objective = group.objectives.at(i);
  const bool named = objective < objectives_.size();
  return group.part + "/" + (named ? objectives_[objective] : std::to_string(objective)) + "." +
         what;
}

torch::Tensor RowState::vector(const RowGroup& group, size_t i, const std::string& what,
                               const torch::Tensor& row) {
  const auto type = at::promote_types(torch::kFloat32, row.scalar_type());
  auto& kept = kept_[key(group, i, what)];
  if (!kept.defined()) kept = torch::zeros_like(row, row.options().dtype(type));
  if (kept.sizes() != row.sizes()) {
    throw Error(ErrorKind::kData, method_ + ": its state of " + key(group, i, what) + " has " +
                                      std::to_string(kept.numel()) +
                                      " elements, but the part has " + std::to_string(row.numel()) +
                                      "; the checkpoint is of another model");
  }
  kept = kept.to(row.options().dtype(type));
  return kept;
}

double RowState::number(const RowGroup& group, size_t i, const std::string& what,
                        double first) const {
  return read_number(kept_, key(group, i, what), first);
}

void RowState::set_number(const RowGroup& group, size_t i, const std::string& what, double value) {
  kept_[key(group, i, what)] = torch::tensor(value, torch::kFloat64);
}

double RowState::number(const RowGroup& group, const std::string& what, double first) const {
  return read_number(kept_, group.part + "." + what, first);
}

void RowState::set_number(const RowGroup& group, const std::string& what, double value) {
  kept_[group.part + "." + what] = torch::tensor(value, torch::kFloat64);
}

torch::Tensor RowState::shares(const RowGroup& group, const std::string& what) const {
  std::vector<double> values;
  double sum = 0, known = 0;
  for (size_t i = 0; i < group.objectives.size(); ++i) {
    values.push_back(number(group, i, what, -1));
    if (values[i] < 0) continue;
    sum += values[i];
    ++known;
  }
  if (sum <= 0)
    return torch::full({int64_t(values.size())}, 1.0 / double(values.size()), torch::kFloat64);
  for (auto& value : values) value = value < 0 ? sum / known : value;
  const auto shares = torch::tensor(values, torch::kFloat64);
  return shares / shares.sum();
}

void RowState::set_shares(const RowGroup& group, const std::string& what,
                          const torch::Tensor& values) {
  const auto numbers = to_vector(values);
  for (size_t i = 0; i < numbers.size(); ++i) set_number(group, i, what, numbers[i]);
}

std::set<std::string> RowState::known() const {
  std::set<std::string> names;
  for (const auto& part : parts_) {
    for (const auto& what : keeps_) {
      names.insert(part + "." + what);
      for (const auto& objective : objectives_) names.insert(part + "/" + objective + "." + what);
    }
  }
  return names;
}

void RowState::load(const std::map<std::string, torch::Tensor>& state) {
  const auto names = known();
  std::map<std::string, torch::Tensor> copies;
  for (const auto& [name, tensor] : state) {
    if (!objectives_.empty() && names.count(name) == 0) {
      throw Error(ErrorKind::kData, method_ + ": its state has " + name +
                                        ", which is of no part and objective of this model; the "
                                        "checkpoint is of another model or method");
    }
    copies[name] = tensor.detach().clone();
  }
  kept_ = std::move(copies);
}

RowGroup plain_group(const torch::Tensor& rows) {
  std::vector<size_t> objectives(size_t(rows.size(0)));
  std::iota(objectives.begin(), objectives.end(), size_t(0));
  return {"shared", objectives, torch::ones({rows.size(0)}, torch::kFloat64), 0, 0};
}

void refuse_features(const options::GradientOptions& gradients) {
  require_option(gradients.at() == options::GradientOptions::PARAMETERS, "gradients.at",
                 "the method keeps something of each element from step to step, and features are "
                 "of other images in each step; choose PARAMETERS");
}

}  // namespace tasuki::weightings
