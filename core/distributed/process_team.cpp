#include "tasuki/distributed/process_team.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <ostream>
#include <thread>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"

extern char** environ;

namespace tasuki {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kGrace{5};
constexpr std::chrono::milliseconds kPoll{20};
constexpr int kCannotRun = 127;
constexpr int kSignalled = 128;
constexpr std::array kHandedOn = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
constexpr size_t kShownBytes = 4000;  // of what a process that failed has said

volatile std::sig_atomic_t arrived[kHandedOn.size()] = {};

void note_arrival(int signal) {
  for (size_t i = 0; i < kHandedOn.size(); ++i) {
    if (kHandedOn[i] == signal) arrived[i] = arrived[i] + 1;
  }
}

// While it lives, those signals are counted; one that is ignored stays ignored (nohup).
class CountedSignals {
 public:
  CountedSignals() {
    for (size_t i = 0; i < kHandedOn.size(); ++i) {
      arrived[i] = 0;
      old_[i] = std::signal(kHandedOn[i], note_arrival);
      if (old_[i] == SIG_IGN) std::signal(kHandedOn[i], SIG_IGN);
    }
  }
  ~CountedSignals() {
    for (size_t i = 0; i < kHandedOn.size(); ++i) std::signal(kHandedOn[i], old_[i]);
  }
  CountedSignals(const CountedSignals&) = delete;
  CountedSignals& operator=(const CountedSignals&) = delete;

  // The next one that was not taken yet.
  std::optional<int> take() {
    for (size_t i = 0; i < kHandedOn.size(); ++i) {
      if (arrived[i] == taken_[i]) continue;
      ++taken_[i];
      return kHandedOn[i];
    }
    return {};
  }

 private:
  std::array<void (*)(int), kHandedOn.size()> old_ = {};
  std::array<int, kHandedOn.size()> taken_ = {};
};

// A folder of its own for the meeting file and the other processes' output.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    auto name = (std::filesystem::temp_directory_path() / "tasuki-processes-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      throw Error(ErrorKind::kRun, name + ": can't be made: " + std::strerror(errno) +
                                       "; TMPDIR names another folder for temporary files");
    }
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct Member {
  pid_t id = -1;
  std::filesystem::path output;  // "" for the first, whose output is this program's
  std::optional<int> status;     // of waitpid, once it has ended
  bool told = false;             // to end, by us: how it ends then says nothing
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (auto& word : words) all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

// Between fork and exec: only calls that are safe there. A group of its own, or the terminal would
// interrupt it beside this program, which hands that on.
[[noreturn]] void become(char* const* command, char* const* variables, int output, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setpgid(0, 0);
  if (getppid() != parent) _exit(kCannotRun);  // it died before the line above
  for (const int signal : kHandedOn) {  // none may be counted, and lost, before the program runs
    if (std::signal(signal, SIG_DFL) == SIG_IGN) std::signal(signal, SIG_IGN);
  }
  dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
  if (output >= 0) {
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
  }
  execve(command[0], command, variables);
  _exit(kCannotRun);
}

class Team {
 public:
  Team(std::vector<std::string> command, int size) : command_(std::move(command)), size_(size) {}
  ~Team() {
    for (auto& member : members_) {
      if (member.status) continue;
      kill(member.id, SIGKILL);
      while (waitpid(member.id, nullptr, 0) < 0 && errno == EINTR) {
      }
    }
  }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  void start() {
    for (int rank = 0; rank < size_; ++rank) start(rank);
  }
  // Until all have ended. The first that ended by itself with a failure is the culprit.
  void wait(CountedSignals& signals) {
    std::optional<Clock::time_point> failed;
    for (bool running = true; running; std::this_thread::sleep_for(kPoll)) {
      while (const auto signal = signals.take()) hand_on(*signal);
      running = false;
      for (auto& member : members_) running |= !has_ended(member);
      if (!failed && has_failure()) failed = Clock::now();
      if (!running || !failed) continue;
      const auto since = Clock::now() - *failed;
      if (since > 2 * kGrace) tell(SIGKILL);
      if (since > kGrace) tell(SIGTERM);
    }
  }
  int report(std::ostream& errors) const;

 private:
  void start(int rank);
  void hand_on(int signal) {
    handed_on_ = signal;
    for (auto& member : members_) {
      if (!member.status) kill(member.id, signal);
    }
  }
  void tell(int signal) {
    for (auto& member : members_) {
      if (member.status || (signal == SIGTERM && member.told)) continue;
      kill(member.id, signal);
      member.told = true;
    }
  }
  bool has_ended(Member& member) {
    int status = 0;
    if (!member.status && waitpid(member.id, &status, WNOHANG) == member.id) {
      member.status = status;
      const bool lost = WIFEXITED(status) && WEXITSTATUS(status) == kOtherProcessFailed;
      // The first one tells its failure itself, so that of those who fail alike it is the one.
      const int rank = int(&member - members_.data());
      const bool by_itself = status != 0 && !lost && !member.told && !is_asked_for(status);
      if (by_itself && (culprit_ < 0 || rank == 0)) culprit_ = rank;
    }
    return member.status.has_value();
  }
  // The end that the last signal which was handed on asks for. Others may take their time to write
  // what they have to.
  bool is_asked_for(int status) const {
    if (handed_on_ == 0) return false;
    return WIFSIGNALED(status) ? WTERMSIG(status) == handed_on_
                               : WEXITSTATUS(status) == kSignalled + handed_on_;
  }
  bool has_failure() const {
    for (const auto& member : members_) {
      if (member.status && *member.status != 0 && !is_asked_for(*member.status)) return true;
    }
    return false;
  }
  bool has_asked_for() const {
    for (const auto& member : members_) {
      if (member.status && is_asked_for(*member.status)) return true;
    }
    return false;
  }

  std::vector<std::string> command_;
  int size_;
  TemporaryFolder folder_;
  std::vector<Member> members_;
  int culprit_ = -1;
  int handed_on_ = 0;  // the last signal
};

void Team::start(int rank) {
  Member member;
  int output = -1;
  if (rank > 0) {
    member.output = folder_.path() / ("output_" + std::to_string(rank));
    output = open(member.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  }
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);
  variables.push_back("TASUKI_RANK=" + std::to_string(rank));
  variables.push_back("TASUKI_WORLD_SIZE=" + std::to_string(size_));
  variables.push_back("TASUKI_STORE=" + (folder_.path() / "store").string());
  const auto words = pointers(command_), environment = pointers(variables);
  const pid_t parent = getpid();
  member.id = fork();
  if (member.id == 0) become(words.data(), environment.data(), output, parent);
  const int failure = errno;
  if (output >= 0) close(output);
  if (member.id < 0) {
    throw Error(ErrorKind::kRun, "can't start process " + std::to_string(rank) + " of " +
                                     std::to_string(size_) + ": " + std::strerror(failure));
  }
  setpgid(member.id, member.id);  // whoever comes first, so that signals reach it from here on
  members_.push_back(member);
}

// The end of what a process has said, from its last error message on where there is one.
std::string last_words(const std::filesystem::path& file) {
  auto text = path_exists(file) ? read_file(file) : std::string();
  if (text.size() > kShownBytes) text.erase(0, text.size() - kShownBytes);
  const std::string mark = "tasuki: ";
  const auto at = text.rfind("\n" + mark);
  if (at != std::string::npos) text.erase(0, at + 1);
  if (text.starts_with(mark)) text.erase(0, mark.size());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

int Team::report(std::ostream& errors) const {
  if (culprit_ < 0) {
    if (has_asked_for()) return kSignalled + handed_on_;
    if (!has_failure()) return 0;
    errors << "tasuki: the " << size_ << " processes have lost each other\n";
    return kOtherProcessFailed;
  }
  const auto& culprit = members_[size_t(culprit_)];
  const auto name =
      "process " + std::to_string(culprit_) + " of " + std::to_string(size_) + " (0 is the first)";
  if (WIFSIGNALED(*culprit.status)) {
    const int signal = WTERMSIG(*culprit.status);
    errors << "tasuki: " << name << " was killed by signal " << signal << " (" << strsignal(signal)
           << "), and the training has ended with it"
           << (signal == SIGKILL ? "; when memory runs out, the system does that" : "")
           << ". What the last checkpoint has can be gone on from with --resume\n";
    return kSignalled + signal;
  }
  const int code = WEXITSTATUS(*culprit.status);
  if (!culprit.output.empty() && code < kSignalled) {
    const auto said = last_words(culprit.output);
    errors << "tasuki: " << name
           << " failed: " << (said.empty() ? "exit code " + std::to_string(code) : said) << "\n";
  }
  return code;
}

}  // namespace

int run_processes(const std::vector<std::string>& command, int processes, std::ostream& errors) {
  CountedSignals signals;
  Team team(command, processes);
  team.start();
  team.wait(signals);
  return team.report(errors);
}

}  // namespace tasuki
