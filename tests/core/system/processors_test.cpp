#include "tasuki/system/processors.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <fstream>

#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

// The files of the system that quotas are read from.
class Quotas : public ::testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) {
    const auto path = folder_.path() / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  // As version 2 is mounted, in a group.
  void second(const std::string& group, const std::string& top = "/") {
    write("proc/self/cgroup", "0::" + group + "\n");
    write("proc/self/mountinfo",
          "22 1 0:5 / /proc rw shared:5 - proc proc rw\n"
          "31 23 0:28 " +
              top + " /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
  }
  // As version 1 is, with version 2 beside it for what is no controller.
  void first(const std::string& group, const std::string& top = "/") {
    write("proc/self/cgroup",
          "12:memory:/elsewhere\n4:cpu,cpuacct:" + group + "\n1:name=systemd:/elsewhere\n0::/\n");
    write("proc/self/mountinfo",
          "33 31 0:29 " + top +
              " /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
              "34 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
              "35 31 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  }
  void write_first(const std::string& group, const std::string& quota) {
    const auto folder = "sys/fs/cgroup/cpu,cpuacct/" + group;
    write(folder + "/cpu.cfs_quota_us", quota + "\n");
    write(folder + "/cpu.cfs_period_us", "100000\n");
  }
  double quota() const { return quota_of_processors(folder_.path()).value_or(-1); }

  testing::TemporaryFolder folder_;
};

TEST_F(Quotas, AreNoneWithoutControlGroups) {
  EXPECT_EQ(quota(), -1);
  second("/");
  EXPECT_EQ(quota(), -1);
  write("proc/self/mountinfo", "31 - \n - - -\n\n31 23 0:28 / /sys rw -\n");
  EXPECT_EQ(quota(), -1);
}

TEST_F(Quotas, OfVersionTwoAreTheLeastOnTheWayUp) {
  second("/user.slice/run.scope");
  write("sys/fs/cgroup/user.slice/run.scope/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), -1);
  write("sys/fs/cgroup/user.slice/cpu.max", "150000 100000\n");
  EXPECT_EQ(quota(), 1.5);
  write("sys/fs/cgroup/user.slice/run.scope/cpu.max", "50000 50000\n");
  EXPECT_EQ(quota(), 1);
  write("sys/fs/cgroup/user.slice/run.scope/cpu.max", "600000 100000\n");
  EXPECT_EQ(quota(), 1.5);
  write("sys/fs/cgroup/user.slice/other.scope/cpu.max", "10000 100000\n");
  EXPECT_EQ(quota(), 1.5);
}

TEST_F(Quotas, OfVersionOneAreReadFromItsCpuController) {
  first("/jobs/a");
  write_first("jobs/a", "-1");
  EXPECT_EQ(quota(), -1);
  write_first("jobs/a", "250000");
  EXPECT_EQ(quota(), 2.5);
  write_first("jobs", "200000");
  EXPECT_EQ(quota(), 2);
  write_first("", "-1");
  EXPECT_EQ(quota(), 2);
}

// The group is mounted as the top of what is to be seen, its path told from outside or from inside.
TEST_F(Quotas, OfAContainerAreThoseOfWhatIsMounted) {
  for (const std::string group : {"/docker/7f", "/", "/../other", "/docker/7"}) {
    second(group, "/docker/7f");
    write("sys/fs/cgroup/cpu.max", "300000 100000\n");
    EXPECT_EQ(quota(), 3) << group;
  }
  first("/docker/7f/inner", "/docker/7f");
  write_first("inner", "400000");
  EXPECT_EQ(quota(), 4);
}

TEST_F(Quotas, ThatAreNoNumbersAreNone) {
  second("/");
  for (const std::string text :
       {"", "100000", "nan 100000", "0 100000", "1 0", "many 1", "-5 10"}) {
    write("sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(quota(), -1) << text;
  }
}

// Puts the mask of processors back.
class Affinity : public Quotas {
 protected:
  Affinity() { sched_getaffinity(0, sizeof(mask_), &mask_); }
  ~Affinity() override { sched_setaffinity(0, sizeof(mask_), &mask_); }
  void allow(int processors) {
    cpu_set_t some;
    CPU_ZERO(&some);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&some) < processors; ++i) {
      if (CPU_ISSET(i, &mask_)) CPU_SET(i, &some);
    }
    ASSERT_EQ(sched_setaffinity(0, sizeof(some), &some), 0);
  }
  int usable() const { return usable_processors(folder_.path()); }

  cpu_set_t mask_;
};

TEST_F(Affinity, CountsAndSoDoesTheQuota) {
  const int all = CPU_COUNT(&mask_);
  EXPECT_EQ(usable(), all);
  EXPECT_LE(usable_processors(), all);
  for (int some = 1; some <= std::min(all, 3); ++some) {
    allow(some);
    EXPECT_EQ(usable(), some);
    EXPECT_LE(usable_processors(), some);
    second("/");
    write("sys/fs/cgroup/cpu.max", "1000000000 100000\n");
    EXPECT_EQ(usable(), some);
    write("sys/fs/cgroup/cpu.max", "20000 100000\n");
    EXPECT_EQ(usable(), 1);
    write("sys/fs/cgroup/cpu.max", "120000 100000\n");
    EXPECT_EQ(usable(), std::min(some, 2));
    write("proc/self/cgroup", "");
    write("proc/self/mountinfo", "");
  }
}

}  // namespace
}  // namespace tasuki
