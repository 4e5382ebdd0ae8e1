#include "tasuki/system/child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include "tasuki/error/error.h"

namespace tasuki {
namespace {

constexpr int kCannotRun = 127;

volatile std::sig_atomic_t stop_signal = 0;
void (*old_interrupt)(int) = SIG_DFL;
void (*old_terminate)(int) = SIG_DFL;

void note_signal(int signal) {
  stop_signal = signal;
}

// Between fork and exec: only calls that are safe there.
[[noreturn]] void become(char* const* command, int log, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kCannotRun);  // it died before the line above
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(nothing, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execv(command[0], command);
  constexpr std::string_view kProblem = "the program can't be started again: was it replaced?\n";
  static_cast<void>(!write(STDERR_FILENO, kProblem.data(), kProblem.size()));
  _exit(kCannotRun);
}

}  // namespace

Child::Child(const std::vector<std::string>& command, const std::filesystem::path& log) {
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (out < 0) {
    throw Error(ErrorKind::kRun, log.string() + ": can't be written: " + std::strerror(errno));
  }
  auto words = command;
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  id_ = fork();
  if (id_ == 0) become(arguments.data(), out, parent);
  const int failure = errno;
  close(out);
  if (id_ < 0) {
    throw Error(ErrorKind::kRun, "can't start a process: " + std::string(std::strerror(failure)));
  }
}

Child::~Child() {
  if (id_ < 0 || status_) return;
  kill(id_, SIGTERM);
  while (waitpid(id_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Child::Child(Child&& other) noexcept
    : id_(std::exchange(other.id_, -1)), status_(std::exchange(other.status_, std::nullopt)) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(id_, other.id_);
  std::swap(status_, other.status_);
  return *this;
}

std::optional<int> Child::ended() {
  int status = 0;
  if (!status_ && id_ >= 0 && waitpid(id_, &status, WNOHANG) == id_) status_ = status;
  return status_;
}

StopSignals::StopSignals() {
  stop_signal = 0;
  old_interrupt = std::signal(SIGINT, note_signal);
  old_terminate = std::signal(SIGTERM, note_signal);
}

StopSignals::~StopSignals() {
  std::signal(SIGINT, old_interrupt);
  std::signal(SIGTERM, old_terminate);
}

bool StopSignals::arrived() const {
  return stop_signal != 0;
}

}  // namespace tasuki
