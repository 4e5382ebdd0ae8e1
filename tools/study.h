#pragma once

#include <filesystem>

#include "tasuki/study/process_runner.h"
#include "tools/command.h"

namespace tasuki::tools {

// Runs trainings as further processes of this program, with the same data root and modules.
ProcessRunner process_runner(const ConfigOptions& options);

// --base of the subcommands of a study.
void add_study_base(CLI::App& command, std::filesystem::path& base);

}  // namespace tasuki::tools
