#include "tests/core/config/modules/test_config.pb.h"

#include "tests/core/config/modules/kinds.h"

namespace tasuki::test {
namespace {

// Plugins that keep their options, and refuse a depth that isn't even. One with the tag "lost"
// fails at a file.
class Net : public Encoder {
 public:
  Net(const options::Net& net, const Context&) {
    require_option(net.depth() % 2 == 0, "depth", "must be even");
    for (int i = 0; i < net.stage_size(); ++i) {
      require_option(net.stage(i).channels() != 13, "stage[" + std::to_string(i) + "].channels",
                     "13 brings no luck");
    }
    if (net.tag_size() > 0 && net.tag(0) == "lost") {
      throw Error(ErrorKind::kData, "net.pth: there is no such file");
    }
    depth_ = net.depth();
  }
  uint32_t depth() const override { return depth_; }

 private:
  uint32_t depth_;
};

class Plain : public Transform {
 public:
  Plain(const options::Flip&, const Context&) {}
};

class Loss : public Task {
 public:
  Loss(const options::Point&, const Context&) {}
};

TASUKI_REGISTER(Encoder, Net, options::Net, "test/Net");
TASUKI_REGISTER(Encoder, Net, options::Net, "test/OtherNet");
TASUKI_REGISTER(Transform, Plain, options::Flip, "test/Flip");
TASUKI_REGISTER(Transform, Plain, options::Flip, "test/Shift");
TASUKI_REGISTER(Task, Loss, options::Point, "test/Loss");

}  // namespace
}  // namespace tasuki::test
