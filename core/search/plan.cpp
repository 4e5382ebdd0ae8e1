#include "core/search/plan.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/data/files.h"
#include "core/error/error.h"

namespace tasuki {
namespace {

using nlohmann::json;

constexpr const char* kFormat = "tasuki-search-1";
constexpr size_t kLargestPlan = size_t{256} << 20;

json data_json(const std::vector<SplitPrint>& data) {
  json list = json::array();
  for (const auto& one : data) {
    list.push_back({{"split", one.split},
                    {"samples", one.samples},
                    {"ids_crc32", one.ids_crc32},
                    {"content_crc32", one.content_crc32}});
  }
  return list;
}

std::vector<SplitPrint> data_from(const json& list) {
  std::vector<SplitPrint> data;
  for (const auto& one : list) {
    data.push_back({one.at("split").get<std::string>(), one.at("samples").get<size_t>(),
                    one.at("ids_crc32").get<uint32_t>(), one.at("content_crc32").get<uint32_t>()});
  }
  return data;
}

std::string number(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

std::string listed(const std::vector<uint64_t>& values) {
  std::vector<std::string> parts;
  parts.reserve(values.size());
  for (const uint64_t value : values) parts.push_back(std::to_string(value));
  return join(parts);
}

std::string shown_line(bool there, const std::string& line) {
  const auto start = line.find_first_not_of(' ');
  return !there ? "nothing" : "\"" + line.substr(start == std::string::npos ? 0 : start) + "\"";
}

template <class Value>
bool starts_with(const std::vector<Value>& all, const std::vector<Value>& start) {
  return all.size() >= start.size() && std::equal(start.begin(), start.end(), all.begin());
}

bool has_any(const std::vector<std::string>& all, const std::vector<std::string>& some) {
  return std::any_of(some.begin(), some.end(), [&](const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  });
}

}  // namespace

SearchPlan read_plan(const std::filesystem::path& file) {
  try {
    const json in = json::parse(read_file(file, kLargestPlan));
    if (in.at("format") != kFormat)
      throw Error(ErrorKind::kData, file.string() + ": unknown format");
    SearchPlan plan;
    plan.config_file = in.at("config").get<std::string>();
    plan.strategies = in.at("strategies").get<std::vector<std::string>>();
    plan.seeds = in.at("seeds").get<std::vector<uint64_t>>();
    plan.margin = in.at("margin").get<double>();
    plan.affinity_every = in.at("affinity_every").get<uint32_t>();
    plan.threads = in.at("threads").get<uint32_t>();
    plan.machine = in.at("machine").get<std::vector<std::string>>();
    plan.data = data_from(in.at("data"));
    plan.trials = in.at("trials").get<std::vector<std::string>>();
    if (plan.seeds.empty()) throw Error(ErrorKind::kData, file.string() + ": has no seeds");
    return plan;
  } catch (const json::exception& wrong) {
    throw Error(ErrorKind::kData, file.string() + ": not a plan of tasuki search: " + wrong.what());
  }
}

void write_plan(const std::filesystem::path& file, const SearchPlan& plan) {
  const json out = {{"format", kFormat},
                    {"config", plan.config_file},
                    {"strategies", plan.strategies},
                    {"seeds", plan.seeds},
                    {"margin", plan.margin},
                    {"affinity_every", plan.affinity_every},
                    {"threads", plan.threads},
                    {"machine", plan.machine},
                    {"data", data_json(plan.data)},
                    {"trials", plan.trials}};
  write_file_atomically(file, out.dump(2) + "\n");
}

std::string obstacle(const SearchPlan& kept, const SearchPlan& asked) {
  if (!starts_with(asked.seeds, kept.seeds)) {
    return "its seeds are " + listed(kept.seeds) + ", now asked for: " + listed(asked.seeds);
  }
  if (kept.margin != asked.margin) {
    return "its --margin is " + number(kept.margin) + ", now " + number(asked.margin);
  }
  const bool measures = has_any(asked.strategies, {"tag", "cosine"});
  if (measures && has_any(kept.strategies, {"tag", "cosine"}) &&
      kept.affinity_every != asked.affinity_every) {
    return "its --affinity-every is " + std::to_string(kept.affinity_every) + ", now " +
           std::to_string(asked.affinity_every);
  }
  if (kept.machine != asked.machine) {
    return "it ran with " + join(kept.machine) + ", here it would be " + join(asked.machine);
  }
  const auto changes = data_changes(kept.data, asked.data);
  return changes.empty() ? "" : "the data have changed: " + join(changes, "; ");
}

std::string config_change(const std::string& kept, const std::string& asked) {
  std::istringstream old_lines(kept), new_lines(asked);
  std::string before, after;
  for (int number = 1;; ++number) {
    const bool more_old = bool(std::getline(old_lines, before));
    const bool more_new = bool(std::getline(new_lines, after));
    if (!more_old && !more_new) return "";
    if (more_old && more_new && before == after) continue;
    return "line " + std::to_string(number) + " of the resolved config was " +
           shown_line(more_old, before) + " and now is " + shown_line(more_new, after);
  }
}

}  // namespace tasuki
