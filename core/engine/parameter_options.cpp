#include "tasuki/engine/parameter_options.h"

#include <fnmatch.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <map>
#include <set>
#include <sstream>
#include <tuple>

namespace tasuki {
namespace {

std::string settings_path(int i) {
  return "train.parameters[" + std::to_string(i) + "]";
}

void check_ranges(const ResolvedConfig& config) {
  const auto& train = config.message().train();
  const auto require = [&](bool right, const std::string& path, const std::string& problem) {
    if (!right) throw config.error(path, problem);
  };
  for (int i = 0; i < train.parameters_size(); ++i) {
    const auto& settings = train.parameters(i);
    const auto path = settings_path(i);
    require(!settings.pattern().empty(), path,
            "needs a pattern of the names that it is for, like \"encoder.*\"");
  }
  require(train.clip_per() == Train::ALL || train.clip_norm() > 0, "train.clip_per",
          "needs a clip_norm above 0, the largest norm of each part");
}

bool fits(const std::string& pattern, const ParameterInfo& parameter) {
  const auto fits_one = [&](const std::string& name) {
    return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  };
  return fits_one(parameter.name) ||
         std::any_of(parameter.other_names.begin(), parameter.other_names.end(), fits_one);
}

// What a pattern may have been meant to be: one parameter, or all under a part of its name.
std::vector<std::string> sensible_patterns(const std::vector<ParameterInfo>& parameters) {
  std::set<std::string> patterns;
  for (const auto& parameter : parameters) {
    const auto& name = parameter.name;
    patterns.insert(name);
    for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
      patterns.insert(name.substr(0, dot) + ".*");
    }
  }
  return {patterns.begin(), patterns.end()};
}

void apply_settings(const ResolvedConfig& config, int i, std::vector<ParameterInfo>& parameters) {
  const auto& settings = config.message().train().parameters(i);
  bool fits_any = false;
  for (auto& parameter : parameters) {
    if (!fits(settings.pattern(), parameter)) continue;
    fits_any = true;
    if (settings.has_lr_mult()) parameter.lr_multiplier = settings.lr_mult();
    if (settings.has_decay_mult()) parameter.decay_multiplier = settings.decay_mult();
    // What the model itself froze stays so.
    if (settings.has_freeze() && parameter.tensor.requires_grad()) {
      parameter.frozen = settings.freeze();
    }
  }
  if (fits_any) return;
  throw config.error(settings_path(i) + ".pattern",
                     "no parameter has a name that fits \"" + settings.pattern() + "\"" +
                         did_you_mean(settings.pattern(), sensible_patterns(parameters)) +
                         "; `tasuki complexity CONFIG --parameters` lists the names");
}

template <class Wanted>
bool trains_any(const std::vector<ParameterInfo>& parameters, Wanted wanted) {
  return std::any_of(parameters.begin(), parameters.end(), [&](const ParameterInfo& parameter) {
    return !parameter.frozen && wanted(parameter);
  });
}

void check_objectives_train(const ResolvedConfig& config, const MultiTaskModel& model,
                            const std::vector<ParameterInfo>& parameters) {
  for (const auto& objective : model.objectives()) {
    const bool trains = trains_any(parameters, [&](const ParameterInfo& parameter) {
      return parameter.routes.count(objective.route) > 0 ||
             parameter.objectives.count(objective.name) > 0;
    });
    if (!trains) {
      throw config.error("train.parameters", "all that " + objective.name +
                                                 " trains, its route and its decoder, is frozen");
    }
    const bool teaches =
        !objective.auxiliary || trains_any(parameters, [&](const ParameterInfo& parameter) {
          return parameter.owner == objective.route;
        });
    if (!teaches) {
      throw config.error("train.parameters", "all that route " + objective.route +
                                                 " has of its own is frozen, so that " +
                                                 objective.name + " has nothing to train");
    }
  }
}

std::string number(double value) {
  std::ostringstream text;
  text << std::setprecision(4) << value;
  return text.str();
}

std::string shape_text(const torch::Tensor& tensor) {
  std::vector<std::string> sizes;
  for (const auto size : tensor.sizes()) sizes.push_back(std::to_string(size));
  return sizes.empty() ? "scalar" : join(sizes, "x");
}

// A first column as wide as its longest text, and narrow ones to the right.
std::string columns(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::ostringstream text;
  for (const auto& row : rows) {
    text << std::left << std::setw(int(widths[0])) << row[0] << std::right;
    for (size_t i = 1; i < row.size(); ++i) text << std::setw(int(widths[i]) + 2) << row[i];
    text << "\n";
  }
  return text.str();
}

struct TableRow {
  int64_t tensors = 0;
  int64_t parameters = 0;

  void add(const ParameterInfo& parameter) {
    ++tensors;
    parameters += parameter.tensor.numel();
  }
};

std::vector<std::string> total_line(const std::string& name, const TableRow& total) {
  return {name, std::to_string(total.tensors), std::to_string(total.parameters)};
}

}  // namespace

bool has_parameter_options(const Train& train) {
  return train.parameters_size() > 0 || train.no_decay_size() > 0 || train.layer_decay() != 1;
}

void apply_parameter_options(const ResolvedConfig& config, MultiTaskModel& model,
                             std::vector<ParameterInfo>& parameters) {
  check_ranges(config);
  const auto& train = config.message().train();
  const auto& no_decay = train.no_decay();
  for (auto& parameter : parameters) {
    const bool decays = std::count(no_decay.begin(), no_decay.end(), parameter.kind) == 0;
    parameter.decay_multiplier = decays ? 1 : 0;
  }
  for (int i = 0; i < train.parameters_size(); ++i) apply_settings(config, i, parameters);
  const auto stages = int64_t(model.encoder().stages().size());
  for (auto& parameter : parameters) {
    if (parameter.stage_index >= 0) {
      parameter.lr_multiplier *= std::pow(train.layer_decay(), stages - parameter.stage_index);
    }
    if (parameter.frozen) parameter.tensor.set_requires_grad(false);
  }
  if (train.freeze_batch_norm()) {
    model.keep_in_evaluation_mode(frozen_batch_norms(model, parameters));
  }
  if (train.parameters_size() > 0) check_objectives_train(config, model, parameters);
}

std::string parameter_table(const std::vector<ParameterInfo>& parameters) {
  using Key = std::tuple<std::string, double, double, bool>;
  std::vector<Key> order;
  std::map<Key, TableRow> groups;
  TableRow trained, frozen;
  for (const auto& parameter : parameters) {
    // The multipliers of what nobody changes are of no interest.
    const Key key(parameter.part(), parameter.frozen ? 0 : parameter.lr_multiplier,
                  parameter.frozen ? 0 : parameter.decay_multiplier, parameter.frozen);
    const auto [place, first] = groups.try_emplace(key);
    if (first) order.push_back(key);
    place->second.add(parameter);
    (parameter.frozen ? frozen : trained).add(parameter);
  }
  std::vector<std::vector<std::string>> rows = {
      {"group", "tensors", "parameters", "lr x", "decay x", "frozen"}};
  for (const auto& key : order) {
    const auto& [part, lr, decay, is_frozen] = key;
    const auto& row = groups.at(key);
    rows.push_back({part, std::to_string(row.tensors), std::to_string(row.parameters),
                    is_frozen ? "-" : number(lr), is_frozen ? "-" : number(decay),
                    is_frozen ? "yes" : "no"});
  }
  rows.push_back(total_line("trained", trained));
  if (frozen.tensors > 0) rows.push_back(total_line("frozen", frozen));
  return columns(rows);
}

std::string parameter_list(const std::vector<ParameterInfo>& parameters) {
  std::vector<std::vector<std::string>> rows = {
      {"parameter", "kind", "shape", "lr x", "decay x", "frozen"}};
  for (const auto& parameter : parameters) {
    rows.push_back({parameter.name, Train::ParameterKind_Name(parameter.kind),
                    shape_text(parameter.tensor),
                    parameter.frozen ? "-" : number(parameter.lr_multiplier),
                    parameter.frozen ? "-" : number(parameter.decay_multiplier),
                    parameter.frozen ? "yes" : "no"});
  }
  return columns(rows);
}

}  // namespace tasuki
