#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace tasuki {

// How one process of a training finds the others: what whoever started them has told it.
struct Launch {
  int rank = 0;
  int size = 1;
  int local_rank = 0;  // among those on this machine
  int local_size = 1;
  std::string origin;  // what started it, for errors: "torchrun (RANK, WORLD_SIZE)"
  // They meet in a file that all of them see where this is not empty, else at an address.
  std::filesystem::path file;
  std::string address;
  int port = 0;
  // The address is served by the starter (torchrun's agent), not by the first process.
  bool is_served = false;
  // What keeps the keys of one start apart from those of the next at the same address.
  std::string prefix;
};

// A variable of the environment; "" where it is not set.
using Environment = std::function<std::string(const char* name)>;

// The launch of this process by the variables of, in this order,
//   1. `tasuki train --processes N`: TASUKI_RANK, TASUKI_WORLD_SIZE, TASUKI_STORE
//   2. torchrun, and Kubernetes' PyTorchJob, which sets the same: RANK, WORLD_SIZE, LOCAL_RANK,
//      LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT
//   3. mpirun of Open MPI: OMPI_COMM_WORLD_RANK, _SIZE, _LOCAL_RANK, _LOCAL_SIZE; MASTER_ADDR where
//      there are several machines
//   4. srun: SLURM_STEP_ID, SLURM_PROCID, SLURM_STEP_NUM_TASKS, SLURM_LOCALID; the first node of
//      SLURM_STEP_NODELIST, a port by SLURM_JOB_ID
// The first whose rank and size are there decides. MASTER_ADDR and MASTER_PORT are taken before
// what 3 and 4 come to by themselves. Nothing where none matches, and for a size of 1. Error
// (kUsage) for a variable that is missing or not such a number.
std::optional<Launch> launch_of(const Environment& environment);
// The same of this process' own.
std::optional<Launch> launch_of_process();

// The first host of a Slurm node list: "gpu[03-05,9],login" -> "gpu03".
std::string first_host(const std::string& nodes);

}  // namespace tasuki
