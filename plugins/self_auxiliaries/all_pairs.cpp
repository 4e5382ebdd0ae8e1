#include <algorithm>

#include "plugins/self_auxiliaries/all_pairs.pb.h"
#include "plugins/self_auxiliaries/coefficient_options.h"
#include "tasuki/model/self_auxiliary.h"
#include "tasuki/registry/registry.h"

namespace tasuki::self_auxiliaries {
namespace {

using PairList = google::protobuf::RepeatedPtrField<options::AllPairs::Pairs>;

void check_end(const std::string& task, const std::string& field,
               const SelfAuxiliary::Context& context) {
  const auto& known = context.sources;
  require_option(task.empty() || std::find(known.begin(), known.end(), task) != known.end(), field,
                 "there is no task \"" + task + "\"" + did_you_mean(task, known) +
                     "; the model has: " + join(known));
}

void check_pairs(const PairList& list, const std::string& name,
                 const SelfAuxiliary::Context& context) {
  for (int i = 0; i < list.size(); ++i) {
    const std::string field = name + "[" + std::to_string(i) + "]";
    check_end(list[i].from(), field + ".from", context);
    check_end(list[i].to(), field + ".to", context);
    require_option(!list[i].from().empty() || !list[i].to().empty(), field,
                   "needs `from`, `to` or both");
  }
}

struct Pair {
  std::string from, to;
};

bool matches(const options::AllPairs::Pairs& pairs, const Pair& pair) {
  return (pairs.from().empty() || pairs.from() == pair.from) &&
         (pairs.to().empty() || pairs.to() == pair.to);
}

bool has(const PairList& list, const Pair& pair) {
  return std::any_of(list.begin(), list.end(),
                     [&](const auto& pairs) { return matches(pairs, pair); });
}

// An entry of a list that no pair has is a mistake.
void check_effect(const PairList& list, const std::string& name, const std::vector<Pair>& pairs,
                  const std::string& problem) {
  for (int i = 0; i < list.size(); ++i) {
    require_option(std::any_of(pairs.begin(), pairs.end(),
                               [&](const Pair& pair) { return matches(list[i], pair); }),
                   name + "[" + std::to_string(i) + "]", problem);
  }
}

std::vector<Pair> possible_pairs(const SelfAuxiliary::Context& context) {
  std::vector<Pair> pairs;
  for (const auto& to : context.targets) {
    for (const auto& from : context.sources) {
      if (from != to) pairs.push_back({from, to});
    }
  }
  require_option(!pairs.empty(), "",
                 "needs two tasks or more; the model has: " + join(context.sources));
  return pairs;
}

std::vector<Pair> chosen_pairs(const options::AllPairs& options,
                               const SelfAuxiliary::Context& context) {
  auto pairs = possible_pairs(context);
  check_effect(
      options.include(), "include", pairs,
      "no pair of the model has these ends; those that can learn are: " + join(context.targets));
  std::erase_if(pairs, [&](const Pair& pair) {
    return !options.include().empty() && !has(options.include(), pair);
  });
  check_effect(options.exclude(), "exclude", pairs,
               "takes nothing away: no pair that is included has these ends");
  std::erase_if(pairs, [&](const Pair& pair) { return has(options.exclude(), pair); });
  require_option(!pairs.empty(), "exclude", "leaves none of the pairs that are included");
  return pairs;
}

class AllPairs : public SelfAuxiliary {
 public:
  AllPairs(const options::AllPairs& options, const Context& context) {
    check_pairs(options.include(), "include", context);
    check_pairs(options.exclude(), "exclude", context);
    const auto coefficient = read_coefficient(options.coefficient(), "coefficient");
    for (const auto& pair : chosen_pairs(options, context)) {
      transfers_.push_back({pair.from, pair.to, coefficient, options.decoder(), ""});
    }
  }

  std::vector<Transfer> transfers() const override { return transfers_; }

 private:
  std::vector<Transfer> transfers_;
};

}  // namespace

TASUKI_REGISTER(SelfAuxiliary, AllPairs, options::AllPairs, "tasuki/AllPairs");

}  // namespace tasuki::self_auxiliaries
