#include "tasuki/study/recheck_decisions.h"

#include <cstdio>
#include <optional>

namespace tasuki {
namespace {

// The measure that a recheck goes by: affinity, or the cosine where there is nothing else.
EdgeValues measure(const Affinities& affinities) {
  auto values = affinities.mean_affinity();
  return values.empty() ? affinities.mean_cosine() : values;
}

std::optional<double> value_of(const EdgeValues& values, const Edge& edge) {
  const auto found = values.find(edge);
  return found == values.end() ? std::nullopt : std::optional<double>(found->second);
}

std::string signed_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%+.3g", value);
  return text;
}

Recheck recheck_one(const Selection::SelectedTransfer& transfer, std::optional<double> then,
                    std::optional<double> now) {
  Recheck check{{transfer.from(), transfer.to()}, RecheckState::kNotMeasured, ""};
  const std::string was = transfer.included() ? "included" : "not included";
  check.text = check.edge.text() + " (" + was + "): ";
  if (!now) {
    check.text += "not measured";
    return check;
  }
  // What spoke against the decision from the start is no news, what speaks for it no reason.
  const auto against = [&](double value) { return transfer.included() ? value < 0 : value > 0; };
  const bool turned = against(*now) && !(then && against(*then));
  check.state = turned ? RecheckState::kChanged : RecheckState::kHolds;
  check.text += "affinity now " + signed_number(*now) +
                (then ? ", then " + signed_number(*then) : "") +
                (turned ? "; no longer holds" : "; holds");
  return check;
}

}  // namespace

std::vector<Recheck> recheck_decisions(const Selection& selection, const Affinities& then,
                                       const Affinities& now) {
  const auto present = measure(now.last(kRecentPart));
  const auto past = measure(then);
  std::vector<Recheck> checks;
  for (const auto& transfer : selection.transfer()) {
    const Edge edge{transfer.from(), transfer.to()};
    checks.push_back(recheck_one(transfer, value_of(past, edge), value_of(present, edge)));
  }
  return checks;
}

}  // namespace tasuki
