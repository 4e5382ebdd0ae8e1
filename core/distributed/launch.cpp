#include "tasuki/distributed/launch.h"

#include <cstdlib>
#include <string_view>

#include "tasuki/error/error.h"

namespace tasuki {
namespace {

constexpr int kDefaultPort = 29500;     // PyTorch's
constexpr int kFirstSlurmPort = 15000;  // Lightning's: and the last four digits of the job
constexpr int kSlurmPorts = 10000;
constexpr int kLargest = 1 << 20;
constexpr int kLargestPort = 65535;

class Variables {
 public:
  Variables(const Environment& environment, std::string origin)
      : environment_(environment), origin_(std::move(origin)) {}

  bool has(const char* name) const { return !environment_(name).empty(); }
  std::string text(const char* name) const {
    const auto value = environment_(name);
    if (value.empty()) throw wrong(std::string(name) + " is not set");
    return value;
  }
  // A whole number from `least` to `most`.
  int number(const char* name, int least, int most) const {
    const auto value = text(name);
    char* end = nullptr;
    const long number = std::strtol(value.c_str(), &end, 10);
    if (*end == '\0' && number >= least && number <= most) return int(number);
    throw wrong(std::string(name) + " is \"" + value + "\", not a whole number from " +
                std::to_string(least) + " to " + std::to_string(most));
  }
  int number_or(const char* name, int least, int most, int otherwise) const {
    return has(name) ? number(name, least, most) : otherwise;
  }
  Error wrong(const std::string& problem) const {
    return {ErrorKind::kUsage, "this process was started by " + origin_ + ", and " + problem};
  }

  // Rank and size by these variables, those on this machine by the others where they are set.
  Launch launch(const char* rank, const char* size, const char* local_rank,
                const char* local_size) const {
    Launch launch;
    launch.origin = origin_;
    launch.size = number(size, 1, kLargest);
    launch.rank = number(rank, 0, launch.size - 1);
    launch.local_size = number_or(local_size, 1, launch.size, 1);
    launch.local_rank = number_or(local_rank, 0, launch.size - 1, 0);
    return launch;
  }

 private:
  const Environment& environment_;
  std::string origin_;
};

Launch by_tasuki(const Environment& environment) {
  const Variables from(environment, "tasuki train --processes");
  auto launch = from.launch("TASUKI_RANK", "TASUKI_WORLD_SIZE", "TASUKI_RANK", "TASUKI_WORLD_SIZE");
  launch.file = from.text("TASUKI_STORE");
  return launch;
}

Launch by_torchrun(const Environment& environment) {
  const Variables from(environment, "torchrun (RANK, WORLD_SIZE)");
  auto launch = from.launch("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE");
  launch.address = from.text("MASTER_ADDR");
  launch.port = from.number("MASTER_PORT", 1, kLargestPort);
  launch.is_served = environment("TORCHELASTIC_USE_AGENT_STORE") == "True";
  if (launch.is_served) {
    launch.prefix = "/worker/attempt_" + environment("TORCHELASTIC_RESTART_COUNT");
  }
  return launch;
}

Launch by_open_mpi(const Environment& environment) {
  const Variables from(environment, "mpirun (OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE)");
  auto launch = from.launch("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE",
                            "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE");
  launch.address = environment("MASTER_ADDR");
  if (launch.address.empty()) {
    if (launch.local_size != launch.size) {
      throw from.wrong(
          "on several machines: say where its first process runs with -x MASTER_ADDR=HOST");
    }
    launch.address = "127.0.0.1";
  }
  launch.port = from.number_or("MASTER_PORT", 1, kLargestPort, kDefaultPort);
  return launch;
}

// "4(x2),2": two nodes of 4, one of 2.
int tasks_on(const std::string& per_node, int node) {
  const char* at = per_node.c_str();
  while (*at != '\0') {
    char* end = nullptr;
    const int tasks = int(std::strtol(at, &end, 10));
    int nodes = 1;
    if (std::string_view(end).starts_with("(x")) {
      nodes = int(std::strtol(end + 2, &end, 10));
      if (*end == ')') ++end;
    }
    if (node < nodes) return tasks;
    node -= nodes;
    at = *end == ',' ? end + 1 : end;
    if (at == end && *end != '\0') break;
  }
  return 1;
}

Launch by_slurm(const Environment& environment) {
  const Variables from(environment, "srun (SLURM_PROCID, SLURM_STEP_NUM_TASKS)");
  auto launch = from.launch("SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", "");
  launch.local_size = tasks_on(environment("SLURM_STEP_TASKS_PER_NODE"),
                               from.number_or("SLURM_NODEID", 0, kLargest, 0));
  launch.address = environment("MASTER_ADDR");
  if (launch.address.empty()) launch.address = first_host(from.text("SLURM_STEP_NODELIST"));
  constexpr int kLargestJob = 2147483647;
  const int job = from.number_or("SLURM_JOB_ID", 0, kLargestJob, 0);
  launch.port = from.number_or("MASTER_PORT", 1, kLargestPort, kFirstSlurmPort + job % kSlurmPorts);
  return launch;
}

}  // namespace

std::string first_host(const std::string& nodes) {
  const auto open = nodes.find_first_of("[,");
  if (open == std::string::npos || nodes[open] == ',') return nodes.substr(0, open);
  const auto end = nodes.find_first_of("-,]", open);
  return nodes.substr(0, open) + nodes.substr(open + 1, end - open - 1);
}

std::optional<Launch> launch_of(const Environment& environment) {
  struct Starter {
    const char *rank, *size;
    Launch (*launch)(const Environment&);
  };
  static constexpr Starter kStarters[] = {
      {"TASUKI_RANK", "TASUKI_WORLD_SIZE", by_tasuki},
      {"RANK", "WORLD_SIZE", by_torchrun},
      {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", by_open_mpi},
      // In a batch script outside of srun there is a rank, too, and nobody else.
      {"SLURM_STEP_ID", "SLURM_STEP_NUM_TASKS", by_slurm},
  };
  for (const auto& starter : kStarters) {
    if (environment(starter.rank).empty() || environment(starter.size).empty()) continue;
    if (environment(starter.size) == "1") return {};
    return starter.launch(environment);
  }
  return {};
}

std::optional<Launch> launch_of_process() {
  return launch_of([](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  });
}

}  // namespace tasuki
