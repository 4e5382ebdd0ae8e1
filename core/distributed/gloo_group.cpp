// The one place that knows c10d. Written against what LibTorch 1.13 and 2.x have in common: the
// class of Gloo's process group by itself, without the layer of backends of 2.x.
#include <torch/types.h>
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "tasuki/distributed/process_group.h"

namespace tasuki {
namespace {

using Gloo = c10d::ProcessGroupGloo;
using StorePointer = c10::intrusive_ptr<c10d::Store>;

constexpr std::chrono::minutes kMeeting{10};
constexpr std::chrono::minutes kAnswer{30};
// How long the message of a failed process is waited for once it is gone.
constexpr std::chrono::seconds kLastWords{2};
constexpr std::chrono::milliseconds kPause{50};
constexpr const char* kFailed = "tasuki_failed";
constexpr const char* kFailures = "tasuki_failures";

// The first line: c10d appends stacks, Gloo hints at logs.
std::string short_reason(const std::exception& wrong) {
  const std::string text = wrong.what();
  return text.substr(0, text.find('\n'));
}

StorePointer open_store(const Launch& launch) {
  StorePointer store;
  if (!launch.file.empty()) {
    store = c10::make_intrusive<c10d::FileStore>(launch.file.string(), launch.size);
  } else {
    c10d::TCPStoreOptions options;
    options.port = std::uint16_t(launch.port);
    options.isServer = launch.rank == 0 && !launch.is_served;
    if (!launch.is_served) options.numWorkers = std::size_t(launch.size);
    options.timeout = kMeeting;
    store = c10::make_intrusive<c10d::TCPStore>(launch.address, options);
  }
  store->setTimeout(kMeeting);
  if (launch.prefix.empty()) return store;
  return c10::make_intrusive<c10d::PrefixStore>(launch.prefix, store);
}

auto device_of(const Launch& launch) {
  const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
  if (interface != nullptr && *interface != '\0') return Gloo::createDeviceForInterface(interface);
  if (launch.local_size == launch.size) return Gloo::createDeviceForHostname("127.0.0.1");
  return Gloo::createDefaultDevice();
}

std::string meeting_place(const Launch& launch) {
  if (!launch.file.empty()) return launch.file.string();
  return launch.address + ", port " + std::to_string(launch.port);
}

bool is_half(torch::ScalarType type) {
  return type == torch::kHalf || type == torch::kBFloat16;
}

class GlooGroup : public ProcessGroup {
 public:
  explicit GlooGroup(const Launch& launch) : launch_(launch) {
    try {
      store_ = open_store(launch);
      auto options = Gloo::Options::create();
      options->timeout = kMeeting;
      options->devices.push_back(device_of(launch));
      group_ = c10::make_intrusive<Gloo>(store_, launch.rank, launch.size, options);
    } catch (const std::exception& wrong) {
      throw Error(ErrorKind::kRun,
                  name() + ", started by " + launch.origin + ", can't meet the others at " +
                      meeting_place(launch) + ": " + short_reason(wrong) +
                      "; see that all were started, that the address can be reached from their "
                      "machines, and that no other program has the port (MASTER_ADDR, "
                      "MASTER_PORT, GLOO_SOCKET_IFNAME)");
    }
  }

  int64_t size() const override { return launch_.size; }
  int64_t rank() const override { return launch_.rank; }
  const Launch& launch() const override { return launch_; }

  void sum(torch::Tensor x) override {
    through_memory(x, [&](std::vector<torch::Tensor>& tensors) {
      c10d::AllreduceOptions options;
      options.timeout = kAnswer;
      group_->allreduce(tensors, options)->wait();
    });
  }

  void broadcast(torch::Tensor x) override {
    through_memory(x, [&](std::vector<torch::Tensor>& tensors) {
      c10d::BroadcastOptions options;
      options.timeout = kAnswer;
      group_->broadcast(tensors, options)->wait();
    });
  }

  std::vector<std::string> gather(const std::string& bytes) override {
    auto lengths = torch::zeros({size()}, torch::kInt64);
    lengths[rank()] = int64_t(bytes.size());
    sum(lengths);
    const auto longest = lengths.max().item<int64_t>();
    if (longest == 0) return std::vector<std::string>(size_t(size()));
    std::vector<torch::Tensor> mine = {torch::zeros({longest}, torch::kUInt8)};
    std::memcpy(mine[0].data_ptr(), bytes.data(), bytes.size());
    std::vector<std::vector<torch::Tensor>> all(1);
    for (int64_t r = 0; r < size(); ++r) all[0].push_back(torch::empty_like(mine[0]));
    guarded([&] {
      c10d::AllgatherOptions options;
      options.timeout = kAnswer;
      group_->allgather(all, mine, options)->wait();
    });
    std::vector<std::string> texts;
    for (int64_t r = 0; r < size(); ++r) {
      texts.emplace_back(static_cast<const char*>(all[0][size_t(r)].data_ptr()),
                         size_t(lengths[r].item<int64_t>()));
    }
    return texts;
  }

  bool fail(const std::string& message) noexcept override {
    try {
      if (store_->add(kFailures, 1) > 1) return false;
      const auto text = name() + " failed: " + message;
      store_->set(kFailed, std::vector<uint8_t>(text.begin(), text.end()));
    } catch (const std::exception&) {  // whoever serves the store is gone: no one to tell
    }
    return true;
  }

 private:
  std::string name() const {
    return "process " + std::to_string(launch_.rank) + " of " + std::to_string(launch_.size);
  }

  // Calls `use` with contiguous tensors in the processor's memory that become what `x` has to be.
  template <class Use>
  void through_memory(const torch::Tensor& x, Use use) {
    if (x.numel() == 0) return;
    const torch::NoGradGuard no_grad;
    auto own = x.detach();
    const auto type = is_half(x.scalar_type()) ? torch::kFloat : x.scalar_type();
    const auto there = own.to(torch::kCPU, type).contiguous();
    std::vector<torch::Tensor> tensors = {there.view(-1)};
    guarded([&] { use(tensors); });
    if (!there.is_same(own)) own.copy_(there);
  }

  template <class Call>
  void guarded(Call call) {
    try {
      call();
    } catch (const std::exception& wrong) {
      throw lost(short_reason(wrong));
    }
  }

  // What another process has left before it went.
  ProcessLost lost(const std::string& reason) const {
    const auto end = std::chrono::steady_clock::now() + kLastWords;
    try {
      do {
        if (store_->check({kFailed})) {
          const auto text = store_->get(kFailed);
          return {std::string(text.begin(), text.end()), /*is_told=*/true};
        }
        std::this_thread::sleep_for(kPause);
      } while (std::chrono::steady_clock::now() < end);
    } catch (const std::exception&) {  // the first process served the store
    }
    return {name() + " has lost another process, which ended without a message (" + reason +
                "); the system's log and the other processes' output may say why",
            /*is_told=*/false};
  }

  Launch launch_;
  StorePointer store_;
  c10::intrusive_ptr<Gloo> group_;
};

}  // namespace

bool has_process_groups() {
  return true;
}

std::unique_ptr<ProcessGroup> join_processes(const Launch& launch) {
  return std::make_unique<GlooGroup>(launch);
}

}  // namespace tasuki
