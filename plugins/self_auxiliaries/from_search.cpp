#include <algorithm>

#include "plugins/self_auxiliaries/coefficient_options.h"
#include "plugins/self_auxiliaries/from_search.pb.h"
#include "tasuki/model/self_auxiliary.h"
#include "tasuki/registry/registry.h"
#include "tasuki/study/selection.h"

namespace tasuki::self_auxiliaries {
namespace {

Selection read(const std::string& file) {
  require_option(!file.empty(), "file", "is missing: name the selection.pbtxt of a search");
  try {
    return read_selection(file);
  } catch (const Error& wrong) {
    throw OptionError("file", wrong.what());
  }
}

// `known` has the task that the selection's transfer has at one end.
void check_end(const std::string& file, const Edge& edge, const std::string& task,
               const std::vector<std::string>& known, const std::string& what) {
  require_option(std::find(known.begin(), known.end(), task) != known.end(), "file",
                 file + ": transfer " + edge.text() + ": there is no " + what + " \"" + task +
                     "\"" + did_you_mean(task, known) + "; the model has: " + join(known));
}

class FromSearch : public SelfAuxiliary {
 public:
  FromSearch(const options::FromSearch& options, const Context& context) {
    const auto coefficient = read_coefficient(options.coefficient(), "coefficient");
    const auto selection = read(options.file());
    // Of what is not included, too: a selection for other tasks says nothing about these.
    for (const auto& transfer : selection.transfer()) {
      const Edge edge{transfer.from(), transfer.to()};
      check_end(options.file(), edge, edge.from, context.sources, "task");
      check_end(options.file(), edge, edge.to, context.sources, "task");
    }
    for (const auto& edge : included_edges(selection)) {
      check_end(options.file(), edge, edge.to, context.targets, "joint task");
      transfers_.push_back({edge.from, edge.to, coefficient, options.decoder(), "file"});
    }
  }

  std::vector<Transfer> transfers() const override { return transfers_; }

 private:
  std::vector<Transfer> transfers_;
};

}  // namespace

TASUKI_REGISTER(SelfAuxiliary, FromSearch, options::FromSearch, "tasuki/FromSearch");

}  // namespace tasuki::self_auxiliaries
