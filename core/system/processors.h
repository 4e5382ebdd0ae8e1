#pragma once

#include <filesystem>
#include <optional>

namespace tasuki {

// Processors that this process may keep busy, at least 1: what every decision about a number of
// threads begins with. The smaller of those that it may run on (taskset, cpusets) and of the CPU
// quotas of its control groups (containers, systemd's CPUQuota), of which a part of a processor
// counts as one.
int usable_processors();

// Processors' worth of time that the quotas leave, 1.5 for example: the least of the process's
// control group and of those around it, in versions 1 and 2. Nothing without a quota. Files of the
// system are read below `root`.
std::optional<double> quota_of_processors(const std::filesystem::path& root = "/");

// usable_processors() with quotas from below another root.
int usable_processors(const std::filesystem::path& root);

}  // namespace tasuki
