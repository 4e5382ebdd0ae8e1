#include "tasuki/distributed/launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tasuki/error/error.h"

namespace tasuki::testing {
namespace {

using ::testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

std::optional<Launch> launch_by(const Variables& variables) {
  return launch_of([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  });
}

std::string refusal_of(const Variables& variables) {
  try {
    launch_by(variables);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "not refused";
}

const Variables kTorchrun = {{"RANK", "5"},        {"WORLD_SIZE", "8"},
                             {"LOCAL_RANK", "1"},  {"LOCAL_WORLD_SIZE", "4"},
                             {"MASTER_ADDR", "a"}, {"MASTER_PORT", "1234"}};
const Variables kOpenMpi = {{"OMPI_COMM_WORLD_RANK", "1"},
                            {"OMPI_COMM_WORLD_SIZE", "2"},
                            {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                            {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}};
const Variables kSlurm = {{"SLURM_STEP_ID", "0"},
                          {"SLURM_STEP_NUM_TASKS", "10"},
                          {"SLURM_PROCID", "8"},
                          {"SLURM_LOCALID", "0"},
                          {"SLURM_NODEID", "2"},
                          {"SLURM_JOB_ID", "1234567"},
                          {"SLURM_STEP_TASKS_PER_NODE", "4(x2),2"},
                          {"SLURM_STEP_NODELIST", "gpu[07-09]"}};

Variables with(Variables variables, const Variables& more) {
  for (const auto& [name, value] : more) variables[name] = value;
  return variables;
}

TEST(Launch, IsNoneWithoutOthers) {
  EXPECT_FALSE(launch_by({}));
  EXPECT_FALSE(launch_by({{"RANK", "3"}}));
  EXPECT_FALSE(launch_by({{"RANK", "0"}, {"WORLD_SIZE", "1"}}));
  // A batch script outside of srun.
  EXPECT_FALSE(launch_by({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "8"}, {"SLURM_JOB_ID", "1"}}));
}

TEST(Launch, OfTorchrun) {
  const auto launch = launch_by(kTorchrun).value();
  EXPECT_EQ(launch.rank, 5);
  EXPECT_EQ(launch.size, 8);
  EXPECT_EQ(launch.local_rank, 1);
  EXPECT_EQ(launch.local_size, 4);
  EXPECT_EQ(launch.address, "a");
  EXPECT_EQ(launch.port, 1234);
  EXPECT_TRUE(launch.file.empty());
  EXPECT_FALSE(launch.is_served);
}

// Its agent serves the address, and starts processes again at the same one.
TEST(Launch, OfTorchrunsAgent) {
  const auto launch = launch_by(with(kTorchrun, {{"TORCHELASTIC_USE_AGENT_STORE", "True"},
                                                 {"TORCHELASTIC_RESTART_COUNT", "2"}}))
                          .value();
  EXPECT_TRUE(launch.is_served);
  EXPECT_EQ(launch.prefix, "/worker/attempt_2");
}

TEST(Launch, OfOpenMpi) {
  const auto launch = launch_by(kOpenMpi).value();
  EXPECT_EQ(launch.rank, 1);
  EXPECT_EQ(launch.local_size, 2);
  EXPECT_EQ(launch.address, "127.0.0.1");
  EXPECT_EQ(launch.port, 29500);
  const auto several = with(kOpenMpi, {{"OMPI_COMM_WORLD_SIZE", "4"}});
  EXPECT_THAT(refusal_of(several), HasSubstr("-x MASTER_ADDR=HOST"));
  const auto told = launch_by(with(several, {{"MASTER_ADDR", "b"}, {"MASTER_PORT", "7"}})).value();
  EXPECT_EQ(told.address, "b");
  EXPECT_EQ(told.port, 7);
}

TEST(Launch, OfSlurm) {
  const auto launch = launch_by(kSlurm).value();
  EXPECT_EQ(launch.rank, 8);
  EXPECT_EQ(launch.size, 10);
  EXPECT_EQ(launch.local_rank, 0);
  EXPECT_EQ(launch.local_size, 2);
  EXPECT_EQ(launch.address, "gpu07");
  EXPECT_EQ(launch.port, 15000 + 4567);
  EXPECT_EQ(launch_by(with(kSlurm, {{"SLURM_NODEID", "1"}}))->local_size, 4);
  EXPECT_EQ(launch_by(with(kSlurm, {{"MASTER_ADDR", "b"}}))->address, "b");
}

TEST(Launch, TheFirstMatchWins) {
  auto all = with(with(kTorchrun, kOpenMpi), kSlurm);
  EXPECT_EQ(launch_by(all)->size, 8);
  all = with(all, {{"TASUKI_RANK", "1"}, {"TASUKI_WORLD_SIZE", "3"}, {"TASUKI_STORE", "/tmp/s"}});
  EXPECT_EQ(launch_by(all)->size, 3);
  EXPECT_EQ(launch_by(all)->file, "/tmp/s");
  EXPECT_EQ(launch_by(all)->local_rank, 1);
  EXPECT_EQ(launch_by(with(kOpenMpi, kSlurm))->size, 2);
  // Alone under torchrun, whatever else started that.
  EXPECT_FALSE(launch_by(with(with(kSlurm, kTorchrun), {{"RANK", "0"}, {"WORLD_SIZE", "1"}})));
}

TEST(Launch, SaysWhatIsWrong) {
  auto variables = kTorchrun;
  variables.erase("MASTER_PORT");
  EXPECT_THAT(refusal_of(variables), HasSubstr("torchrun (RANK, WORLD_SIZE), and MASTER_PORT is "
                                               "not set"));
  EXPECT_THAT(refusal_of(with(kTorchrun, {{"RANK", "8"}})),
              HasSubstr("RANK is \"8\", not a whole number from 0 to 7"));
  EXPECT_THAT(refusal_of(with(kTorchrun, {{"WORLD_SIZE", "many"}})),
              HasSubstr("WORLD_SIZE is \"many\""));
}

TEST(Launch, FirstHostOfASlurmList) {
  EXPECT_EQ(first_host("login"), "login");
  EXPECT_EQ(first_host("a1,a2"), "a1");
  EXPECT_EQ(first_host("gpu[03-05,9],login"), "gpu03");
  EXPECT_EQ(first_host("gpu[12,14]"), "gpu12");
  EXPECT_EQ(first_host("gpu[7]"), "gpu7");
}

}  // namespace
}  // namespace tasuki::testing
