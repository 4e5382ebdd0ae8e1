#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/model/safetensors.h"
#include "tests/core/engine/tiny_run.h"

namespace tasuki::testing {

// What a killed process looks like from inside.
struct Killed : std::runtime_error {
  Killed() : std::runtime_error("killed") {}
};

// `point` of the FakeHook decides where in the loop; `priority` where among the hooks.
inline void kill_at(TinyRun& tiny, FakeHook::Function FakeHook::*point, int priority,
                    const std::function<bool(const Run&)>& when) {
  auto hook = std::make_unique<FakeHook>();
  (*hook).*point = [when](Run& run) {
    if (when(run)) throw Killed();
  };
  const auto after = std::find_if(tiny.hooks.begin(), tiny.hooks.end(),
                                  [&](const NamedHook& h) { return h.priority > priority; });
  tiny.hooks.insert(after, {"killer", priority, std::move(hook)});
}

// The state in a training state's metadata, without what a clock measured.
inline nlohmann::json state_of_file(const Safetensors& file) {
  auto state = nlohmann::json::parse(file.metadata.at("state"));
  if (state.contains("best")) state["best"].erase("seconds");
  return state;
}

// Two runs have left the same in their work dirs, but for what a clock measured.
inline void expect_same_runs(const std::filesystem::path& a, const std::filesystem::path& b) {
  EXPECT_EQ(history_of(a), history_of(b));
  const auto left = read_safetensors(a / kLastFile), right = read_safetensors(b / kLastFile);
  EXPECT_EQ(first_difference(left.tensors, right.tensors), "");
  EXPECT_TRUE(std::any_of(left.tensors.begin(), left.tensors.end(),
                          [](const auto& item) { return item.first.starts_with("optimizer."); }));
  EXPECT_EQ(state_of_file(left), state_of_file(right));
  EXPECT_EQ(first_difference(read_safetensors(a / kBestFile).tensors,
                             read_safetensors(b / kBestFile).tensors),
            "");
}

}  // namespace tasuki::testing
