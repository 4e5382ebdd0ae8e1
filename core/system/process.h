#pragma once

namespace tasuki {

// Sets up what a process can only settle at its start, for every subcommand:
//  - freed memory is kept: a training step frees and takes the same blocks again, and new pages
//  from
//    the system cost more than filling them;
//  - a signal that ends the program removes what it has half written;
//  - threads that wait for each other sleep (OMP_WAIT_POLICY=passive, unless the environment says
//    otherwise). Threads that spin take the processors from the loader and from other programs.
//    OpenMP reads this when it is loaded, so the program starts itself once more.
void set_up_process(char** argv);

}  // namespace tasuki
