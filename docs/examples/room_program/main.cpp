// rooms CONFIG IMAGE: trains, and predicts what is in a picture.
#include <google/protobuf/empty.pb.h>
#include <tasuki/hook.h>
#include <tasuki/tasuki.h>

#include <ctime>
#include <iostream>
#include <opencv2/imgcodecs.hpp>

bool is_night() {
  const std::time_t now = std::time(nullptr);
  return std::localtime(&now)->tm_hour < 6;
}

// A hook of the program's own, which needs no module: [rooms/StopAtNight] {} in a config.
class StopAtNight : public tasuki::Hook {
 public:
  StopAtNight(const google::protobuf::Empty&, const Context&) {}
  void after_step(tasuki::Run& run) override {
    if (is_night()) run.stop("night");
  }
};
TASUKI_REGISTER(tasuki::Hook, StopAtNight, google::protobuf::Empty, "rooms/StopAtNight");

int main(int argc, char** argv) {
  if (argc != 3) return std::cerr << "usage: rooms CONFIG IMAGE\n", 2;
  tasuki::Config config = tasuki::read_config(argv[1]);  // typed: config.train().epochs()
  config.mutable_train()->set_epochs(2);
  auto* hook = config.mutable_train()->add_hook();
  hook->set_name("night");
  *hook->mutable_hook() = tasuki::PluginBuilder("rooms/StopAtNight").any();

  const tasuki::Run run = tasuki::train(config, {.work_dir = "out"});
  if (!run.stopped.empty()) return std::cout << "stopped: " << run.stopped << "\n", 0;

  const tasuki::Predictor predictor(run.best(), tasuki::SlidingWindow{.size = {240, 320}});
  const tasuki::Prediction prediction = predictor(cv::imread(argv[2]));
  cv::imwrite("depth.png", prediction["depth"].picture());
  const cv::Mat metres = prediction["depth"].values();  // CV_32FC1, of the picture's size
  std::cout << "mean depth " << cv::mean(metres)[0] << " m\n";
}
