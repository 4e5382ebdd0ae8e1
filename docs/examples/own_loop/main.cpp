// own_loop WEIGHTING: trains a model of two tasks, e.g. by '[tasuki/UPGrad] {}'.
#include <tasuki/mtl_backward.h>
#include <torch/torch.h>

#include <iostream>
#include <string>

namespace nn = torch::nn;

void train(const std::string& method) {
  torch::manual_seed(1);
  nn::Sequential encoder(nn::Linear(8, 32), nn::ReLU(), nn::Linear(32, 16), nn::ReLU());
  nn::Linear direction(16, 2), length(16, 1);

  // Points in a space of 8 dimensions, of whose first two one task is asked the direction, the
  // other one the length.
  const auto points = torch::randn({256, 8});
  const auto plane = points.narrow(1, 0, 2), radius = plane.norm(2, 1, /*keepdim=*/true);

  auto parameters = encoder->parameters();
  for (auto* head : {&direction, &length}) {
    for (const auto& parameter : (*head)->parameters()) parameters.push_back(parameter);
  }
  torch::optim::Adam optimizer(parameters, torch::optim::AdamOptions(3e-3));
  tasuki::MtlWeighting weighting(method);

  for (int step = 0; step <= 300; ++step) {
    const auto features = encoder->forward(points);
    const auto first = torch::mse_loss(direction(features), plane / radius);
    const auto second = torch::mse_loss(length(features), radius);
    optimizer.zero_grad();
    tasuki::mtl_backward({first, second}, {features}, encoder->parameters(),
                         {direction->parameters(), length->parameters()}, weighting);
    optimizer.step();
    if (step % 100 == 0) {
      std::cout << "step " << step << ": direction " << first.item<float>() << ", length "
                << second.item<float>() << "\n";
    }
  }
}

int main(int argc, char** argv) {
  if (argc != 2) return std::cerr << "usage: own_loop WEIGHTING\n", 2;
  try {
    train(argv[1]);
  } catch (const tasuki::Error& error) {
    return std::cerr << error.what() << "\n", 1;
  }
}
