#include <algorithm>

#include "core/model/self_auxiliary.h"
#include "core/registry/registry.h"
#include "plugins/self_auxiliaries/all_pairs.pb.h"
#include "plugins/self_auxiliaries/coefficient_options.h"

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

bool has(const PairList& list, const std::string& from, const std::string& to) {
  return std::any_of(list.begin(), list.end(), [&](const auto& pairs) {
    return (pairs.from().empty() || pairs.from() == from) &&
           (pairs.to().empty() || pairs.to() == to);
  });
}

class AllPairs : public SelfAuxiliary {
 public:
  AllPairs(const options::AllPairs& options, const Context& context) {
    check_pairs(options.include(), "include", context);
    check_pairs(options.exclude(), "exclude", context);
    const auto coefficient = read_coefficient(options.coefficient(), "coefficient");
    for (const auto& to : context.targets) {
      for (const auto& from : context.sources) {
        const bool included = options.include().empty() || has(options.include(), from, to);
        if (from == to || !included || has(options.exclude(), from, to)) continue;
        transfers_.push_back({from, to, coefficient, options.decoder(), ""});
      }
    }
  }

  std::vector<Transfer> transfers() const override { return transfers_; }

 private:
  std::vector<Transfer> transfers_;
};

}  // namespace

TASUKI_REGISTER(SelfAuxiliary, AllPairs, options::AllPairs, "tasuki/AllPairs");

}  // namespace tasuki::self_auxiliaries
