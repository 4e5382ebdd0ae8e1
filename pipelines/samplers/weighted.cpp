#include <algorithm>
#include <cmath>
#include <map>

#include "pipelines/samplers/cumulative_weights.h"
#include "pipelines/samplers/samplers.pb.h"
#include "tasuki/data/sampler.h"
#include "tasuki/io/csv_table.h"
#include "tasuki/io/files.h"
#include "tasuki/registry/registry.h"

namespace tasuki::samplers {
namespace {

using Parts = std::vector<DatasetPart>;

// Keeps these draws apart from others of the same seed and epoch.
constexpr uint64_t kWeightedPurpose = 0x776569676874u;

bool is_weight(double weight) {
  return weight >= 0 && std::isfinite(weight);
}

std::string names_of(const Parts& parts) {
  std::vector<std::string> names;
  for (const auto& part : parts) names.push_back("\"" + part.name + "\"");
  return join(names);
}

// Of each part: as the options list them, or 1.
std::vector<double> part_weights(const options::WeightedSampler& options, const Parts& parts) {
  if (options.part().empty()) return std::vector<double>(parts.size(), 1);
  std::map<std::string, double> given;
  for (int i = 0; i < options.part_size(); ++i) {
    const auto& part = options.part(i);
    const std::string field = "part[" + std::to_string(i) + "]";
    const double weight = part.weight();
    const bool known = std::any_of(parts.begin(), parts.end(),
                                   [&](const auto& one) { return one.name == part.name(); });
    require_option(
        known, field + ".name",
        "the training split has no part \"" + part.name() + "\"; it has: " + names_of(parts));
    require_option(given.emplace(part.name(), weight).second, field + ".name", "is given twice");
  }
  std::vector<double> weights;
  for (const auto& part : parts) {
    const auto found = given.find(part.name);
    require_option(found != given.end(), "part",
                   "no weight is given for part \"" + part.name + "\"; 0 leaves it out");
    weights.push_back(found->second);
  }
  return weights;
}

// Of each sample: its share of its part. Parts of one name share what it is given.
std::vector<double> weights_by_part(const options::WeightedSampler& options, const Parts& parts) {
  const auto of_parts = part_weights(options, parts);
  std::map<std::string, size_t> sizes;
  for (size_t i = 0; i < parts.size(); ++i) {
    sizes[parts[i].name.empty() ? std::to_string(i) : parts[i].name] += parts[i].size;
  }
  std::vector<double> weights;
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto size = sizes.at(parts[i].name.empty() ? std::to_string(i) : parts[i].name);
    weights.insert(weights.end(), parts[i].size, of_parts[i] / double(std::max<size_t>(size, 1)));
  }
  return weights;
}

std::vector<double> weights_by_table(const std::string& file, const IdList& ids) {
  std::map<std::string, double> given;
  try {
    for (const auto& row : csv_rows(read_file(file))) {
      if (row.size() != 2)
        throw Error(ErrorKind::kData, "two columns, id and weight, are expected");
      char* end = nullptr;
      const double weight = std::strtod(row[1].c_str(), &end);
      if (row[1].empty() || *end != '\0' || !is_weight(weight)) {
        throw Error(ErrorKind::kData,
                    "sample " + row[0] + ": \"" + row[1] + "\" is no weight of 0 or more");
      }
      if (!given.emplace(row[0], weight).second) {
        throw Error(ErrorKind::kData, "sample " + row[0] + " is listed twice");
      }
    }
  } catch (const Error& error) {
    throw OptionError("table", file + ": " + error.what());
  }
  std::vector<double> weights;
  for (const auto& id : ids) {
    const auto found = given.find(id);
    require_option(found != given.end(), "table", file + " has no line for sample " + id);
    weights.push_back(found->second);
  }
  require_option(given.size() == ids.size(), "table",
                 file + " has " + std::to_string(given.size()) + " samples, and the split " +
                     std::to_string(ids.size()));
  return weights;
}

class Weighted : public Sampler {
 public:
  Weighted(const options::WeightedSampler& options, const Context& context)
      : length_(options.has_samples() ? options.samples() : context.size()) {
    require_option(options.table().empty() || options.part().empty(), "table",
                   "give a table or weights by part");
    const auto weights = options.table().empty() ? weights_by_part(options, context.parts)
                                                 : weights_by_table(options.table(), context.ids());
    for (const double weight : weights) weights_.add(weight);
    require_option(weights_.total() > 0 || weights.empty(),
                   options.table().empty() ? "part" : "table", "all weights are 0");
  }

  size_t length() const override { return length_; }

  std::vector<size_t> order(uint64_t seed, uint64_t epoch) const override {
    SeededDraws draws(mix_seeds({kWeightedPurpose, seed, epoch}));
    std::vector<size_t> all;
    for (size_t i = 0; i < length_; ++i) {
      all.push_back(weights_.draw(draws));
    }
    return all;
  }

 private:
  size_t length_;
  CumulativeWeights weights_;  // of the samples
};

}  // namespace

TASUKI_REGISTER(Sampler, Weighted, options::WeightedSampler, "tasuki/WeightedSampler");

}  // namespace tasuki::samplers
