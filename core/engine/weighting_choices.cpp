#include "tasuki/engine/weighting_choices.h"

#include "tasuki/engine/trainer.h"
#include "tasuki/engine/training.h"
#include "tasuki/engine/weighting_context.h"

namespace tasuki {

std::string weighting_name(const std::string& weighting) {
  const auto slash = weighting.find('/');
  const auto end = weighting.find(']');
  if (slash == std::string::npos || end == std::string::npos || end < slash) return weighting;
  const auto options = weighting.substr(end + 1);
  const auto inside = options.find_first_not_of(" {}");
  return weighting.substr(slash + 1, end - slash - 1) +
         (inside == std::string::npos ? "" : " " + options);
}

namespace {

// "UPGrad", "UPGrad{}" and "[UPGrad]{}" -> "[tasuki/UPGrad]{}", or another registered name that
// ends so; "" without any.
std::string registered_form(const std::string& weighting) {
  const auto begin = weighting.find_first_not_of("[ ");
  if (begin == std::string::npos) return "";
  const auto word = weighting.substr(begin, weighting.find_first_of("] {", begin) - begin);
  for (const auto& name : Registry::instance().names(Weighting::kKind)) {
    if (name == word || name.ends_with("/" + word)) return "[" + name + "]{}";
  }
  return "";
}

// One name in brackets and one pair of braces.
void check_form(const std::string& weighting) {
  const auto slash = weighting.find('/'), bracket = weighting.find(']');
  const auto brace = weighting.find_first_not_of(' ', bracket + 1);
  const bool is_named = weighting.starts_with('[') && slash < bracket;
  if (is_named && brace != std::string::npos && weighting[brace] == '{') return;
  const auto meant = registered_form(weighting);
  const auto names = Registry::instance().names(Weighting::kKind);
  throw Error(ErrorKind::kUsage,
              "'" + weighting +
                  "': a weighting is written with its name in brackets and its options "
                  "in braces" +
                  (!meant.empty()   ? ": '" + meant + "'"
                   : !names.empty() ? ", as '[" + names.front() +
                                          "]{}'; tasuki plugins Weighting "
                                          "prints all names"
                                    : ""));
}

}  // namespace

ResolvedConfig with_weighting(const ResolvedConfig& config, const std::string& weighting) {
  check_form(weighting);
  const std::string assignment = "train.weighting=" + weighting;
  const std::string assigned = "--set " + assignment + ": train.weighting: ";
  try {
    return parse_config(config.text(), config.file(), {assignment});
  } catch (const Error& error) {
    const std::string_view what = error.what();
    if (!what.starts_with(assigned)) throw;
    throw Error(error.kind(), weighting + ": " + std::string(what.substr(assigned.size())));
  }
}

std::vector<std::string> all_weightings(const ResolvedConfig& config,
                                        const std::filesystem::path& data_root,
                                        std::vector<std::string>& left_out) {
  std::vector<std::string> all;
  const auto run =
      build_run(build_experiment(for_this_machine(config), data_root), "", InitialWeights::kDrawn);
  const auto context = weighting_context(run);
  for (const auto& name : Registry::instance().names(Weighting::kKind)) {
    const std::string weighting = "[" + name + "]{}";
    try {
      const auto other = with_weighting(config, weighting);
      other.create<Weighting>("train.weighting", other.message().train().weighting(), context);
      all.push_back(weighting);
    } catch (const Error& error) {
      left_out.push_back(name + ": " + error.what());
    }
  }
  return all;
}

}  // namespace tasuki
