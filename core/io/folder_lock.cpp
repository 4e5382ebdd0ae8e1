#include "tasuki/io/folder_lock.h"

#include <sys/file.h>
#include <sys/utsname.h>

#include <iostream>
#include <string>
#include <thread>

#include "tasuki/error/error.h"
#include "tasuki/io/atomic_file.h"

namespace tasuki {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(20);

// Who has the lock, by its own words; "" where it has not said so yet.
std::string holder_in(const FileHandle& file) {
  char text[256];
  const ssize_t size = ::pread(file.get(), text, sizeof(text), 0);
  const std::string found(text, size > 0 ? size_t(size) : 0);
  return found.substr(0, found.find('\n'));
}

void write_holder(const FileHandle& file) {
  utsname machine = {};
  ::uname(&machine);
  const std::string text =
      "process " + std::to_string(::getpid()) + " on " + machine.nodename + "\n";
  // For a message of another process only.
  if (::ftruncate(file.get(), 0) == 0) {
    static_cast<void>(!::pwrite(file.get(), text.data(), text.size(), 0));
  }
}

void take_lock(const FileHandle& file, const std::filesystem::path& folder,
               std::chrono::milliseconds patience) {
  const auto start = std::chrono::steady_clock::now();
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) {
      std::cerr << "tasuki: " << folder.string() << ": no lock is possible here ("
                << system_reason() << "): let no two runs work in it at a time\n";
      return;
    }
    if (std::chrono::steady_clock::now() - start > patience) {
      const auto holder = holder_in(file);
      throw Error(ErrorKind::kRun, folder.string() + ": another tasuki" +
                                       (holder.empty() ? "" : " (" + holder + ")") +
                                       " is at work in it; wait for its end, or give another "
                                       "--work-dir");
    }
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder, Holder holder,
                       std::chrono::milliseconds patience) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) {
    throw Error(ErrorKind::kRun,
                "--work-dir " + folder.string() + ": can't be made: " + failed.message());
  }
  const auto path = folder / "lock";
  file_ = FileHandle(path, O_RDWR | O_CREAT);
  if (!file_.is_open()) {
    throw Error(ErrorKind::kRun, path.string() + ": can't be opened: " + system_reason());
  }
  take_lock(file_, folder, patience);
  write_holder(file_);
  if (holder == Holder::kWithChildren) ::fcntl(file_.get(), F_SETFD, 0);
  remove_abandoned_files(folder);
}

}  // namespace tasuki
