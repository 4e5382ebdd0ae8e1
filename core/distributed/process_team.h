#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace tasuki {

// The exit code of a process that ends because another one did, and has nothing to say of its own.
inline constexpr int kOtherProcessFailed = 3;

// Starts `command` (its first word is a program's path) `processes` times on this machine, as the
// ranks of one training (launch_of) that meet in a file, and waits for all of them. The first one's
// output is this program's; of the others' only what one says that fails is shown, on `errors`.
// SIGINT, SIGTERM, SIGHUP and SIGUSR1 are handed on to all, once each time that they come. When one
// fails, the others get five seconds to end by themselves, as those whose collectives fail do; then
// they are told (SIGTERM), and five seconds later killed; not where one ends as a signal that was
// handed on asks for: the others may still be writing. None outlives this program.
//
// Returns the exit code: 0, that of the process that failed first, or 128 + the signal that it was
// killed by. Error (kRun) where a process can't be started.
int run_processes(const std::vector<std::string>& command, int processes, std::ostream& errors);

}  // namespace tasuki
