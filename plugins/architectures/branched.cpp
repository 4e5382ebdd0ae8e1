#include "plugins/architectures/branched.pb.h"

#include "plugins/architectures/stage_graph.h"
#include "tasuki/registry/registry.h"

namespace tasuki::architectures {
namespace {

constexpr uint32_t kReferenceSharedStages = 3;

StageTable short_form(const options::Branched& options, const Architecture::Context& context) {
  const size_t stages = context.encoder->stages().size();
  const size_t shared =
      options.has_shared_stages() ? options.shared_stages() : kReferenceSharedStages;
  require_option(
      shared <= stages, "shared_stages",
      std::to_string(shared) + " is more than the encoder's " + std::to_string(stages) + " stages");
  StageTable table(stages);
  for (size_t i = 0; i < stages; ++i) {
    for (const auto& route : context.routes) table[i][route] = i < shared ? kShared : route;
  }
  return table;
}

void fill_stage(const options::Branched::StageTable& stage, const std::string& path,
                const Architecture::Context& context, std::map<std::string, std::string>& row) {
  row.clear();
  for (int i = 0; i < stage.instance_size(); ++i) {
    const auto& instance = stage.instance(i);
    const std::string place = path + ".instance[" + instance.name() + "]";
    require_option(!instance.name().empty() && instance.name().find('.') == std::string::npos,
                   path + ".instance", "every instance needs a name without dots");
    for (const auto& task : instance.task()) {
      require_option(std::count(context.routes.begin(), context.routes.end(), task) == 1,
                     place + ".task",
                     "there is no task \"" + task + "\"" + did_you_mean(task, context.routes));
      require_option(row.emplace(task, instance.name()).second, place + ".task",
                     "task \"" + task + "\" has two instances of this stage");
    }
  }
  for (const auto& route : context.routes) {
    require_option(row.count(route) == 1, path + ".instance",
                   "task \"" + route + "\" has no instance of this stage");
  }
}

StageTable long_form(const options::Branched& options, const Architecture::Context& context) {
  StageTable table(context.encoder->stages().size());
  std::vector<std::string> names;
  for (const auto& stage : context.encoder->stages()) names.push_back(stage.name);
  for (auto& row : table) {
    for (const auto& route : context.routes) row[route] = kShared;
  }
  for (const auto& stage : options.stage()) {
    const std::string path = "stage[" + stage.name() + "]";
    const auto found = std::find(names.begin(), names.end(), stage.name());
    require_option(found != names.end(), path,
                   "the encoder has no such stage" + did_you_mean(stage.name(), names) +
                       "; it has: " + join(names));
    fill_stage(stage, path, context, table[static_cast<size_t>(found - names.begin())]);
  }
  return table;
}

StageTable stage_table(const options::Branched& options, const Architecture::Context& context) {
  require_option(options.stage().empty() || !options.has_shared_stages(), "shared_stages",
                 "give either shared_stages or a table of stages, not both");
  return options.stage().empty() ? short_form(options, context) : long_form(options, context);
}

class Branched : public StageGraph {
 public:
  Branched(const options::Branched& options, const Context& context)
      : StageGraph(context, stage_table(options, context),
                   options.copies() == options::Branched::IDENTICAL) {}
};

}  // namespace

TASUKI_REGISTER(Architecture, Branched, options::Branched, "tasuki/Branched");

}  // namespace tasuki::architectures
