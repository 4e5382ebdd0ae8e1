#include "tasuki/config/config.h"

#include <vector>

#include "tasuki/registry/registry.h"
#include "tests/fuzz/target.h"

namespace tasuki::fuzz {
namespace {

constexpr std::string_view kBetween = "\n=====\n";

// What stands between the lines "=====".
std::vector<std::string> parts_of(std::string_view bytes) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= bytes.size();) {
    const size_t end = std::min(bytes.find(kBetween, begin), bytes.size());
    parts.emplace_back(bytes.substr(begin, end - begin));
    begin = end + kBetween.size();
  }
  return parts;
}

void announce_plugins() {
  static const bool done = [] {
    Registry::instance().add_folder(TASUKI_CONFIG_MODULES);
    return true;
  }();
  (void)done;
}

}  // namespace

// A config, the file base.pbtxt beside it, and any number of assignments, the command line's --set,
// which ends at a NUL byte. A config that is accepted is written, with origins and without, and
// read again.
void fuzz_config(std::string_view bytes) {
  announce_plugins();
  const auto parts = parts_of(bytes);
  const auto file = write_input("config.pbtxt", parts[0]);
  write_input("base.pbtxt", parts.size() > 1 ? parts[1] : "");
  std::vector<std::string> assignments;
  for (size_t i = 2; i < parts.size(); ++i) assignments.emplace_back(parts[i].c_str());
  const auto config =
      answer_of(ErrorKind::kUsage, ": ", [&] { return load_config(file, assignments); });
  if (!config) return;
  for (const bool with_origin : {false, true}) {
    const auto again = parse_config(config->text(with_origin), "text");
    require(again.text() == config->text(), "a config that is written reads the same");
    require(again.message().SerializeAsString() == config->message().SerializeAsString(),
            "a config that is written is the same message");
  }
}

}  // namespace tasuki::fuzz
