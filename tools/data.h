#pragma once

#include <vector>

#include "tasuki/engine/split_use.h"
#include "tools/command.h"

namespace tasuki::tools {

// The subcommands of `tasuki data`.
void add_data_check(CLI::App& data);
void add_data_browse(CLI::App& data);
void add_data_normals(CLI::App& data);
void add_data_pack(CLI::App& data);

// The tasks of a config, for their labels; where there are none, a line says so.
std::vector<ModelTask> data_tasks(const ResolvedConfig& config, const Dataset& dataset);

// split_uses; where the data set has no test split, a line says so.
std::vector<SplitUse> data_uses(const ResolvedConfig& config, const Dataset& dataset);

// How many threads work on samples: as many as asked for, or one a processor where that is 0.
int data_threads(int asked);

}  // namespace tasuki::tools
