"""configs/nyuv2/shared_r50.pbtxt's network, written with torch.nn as the public code bases write it.

A ResNet-50 of output stride 8 for all tasks and a DeepLab head (ASPP of rates 12, 24, 36) a task:
the same layers, shapes and parameters as Tasuki's, without its shortcuts.
"""

import torch
from torch import nn
from torch.nn import functional as F

CHANNELS = {"seg": 13, "depth": 1, "normal": 3}


def conv(inputs, outputs, kernel, stride=1, dilation=1):
    padding = dilation * (kernel - 1) // 2
    return nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, bias=False)


class Bottleneck(nn.Module):
    def __init__(self, inputs, width, stride, dilation):
        super().__init__()
        outputs = 4 * width
        self.body = nn.Sequential(
            conv(inputs, width, 1), nn.BatchNorm2d(width), nn.ReLU(inplace=True),
            conv(width, width, 3, stride, dilation), nn.BatchNorm2d(width), nn.ReLU(inplace=True),
            conv(width, outputs, 1), nn.BatchNorm2d(outputs))
        self.downsample = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(conv(inputs, outputs, 1, stride),
                                            nn.BatchNorm2d(outputs))

    def forward(self, x):
        return F.relu(self.body(x) + self.downsample(x), inplace=True)


def stage(inputs, width, blocks, stride, first_dilation, dilation):
    """torchvision's layer: where the stride became a dilation, the first block has that before."""
    layers = [Bottleneck(inputs, width, stride, first_dilation)]
    layers += [Bottleneck(4 * width, width, 1, dilation) for _ in range(blocks - 1)]
    return nn.Sequential(*layers)


def resnet50():
    return nn.Sequential(
        nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, 1), stage(64, 64, 3, 1, 1, 1), stage(256, 128, 4, 2, 1, 1),
        stage(512, 256, 6, 1, 1, 2), stage(1024, 512, 3, 1, 2, 4))


class DeepLabHead(nn.Module):
    def __init__(self, outputs, inputs=2048, width=256, rates=(12, 24, 36)):
        super().__init__()

        def branch(kernel, rate):
            return nn.Sequential(conv(inputs, width, kernel, dilation=rate), nn.BatchNorm2d(width),
                                 nn.ReLU(inplace=True))

        self.branches = nn.ModuleList([branch(1, 1)] + [branch(3, rate) for rate in rates])
        self.pooled = nn.Sequential(nn.AdaptiveAvgPool2d(1), *branch(1, 1))
        self.project = nn.Sequential(conv(5 * width, width, 1), nn.BatchNorm2d(width),
                                     nn.ReLU(inplace=True), nn.Dropout(0.5))
        self.classify = nn.Sequential(conv(width, width, 3), nn.BatchNorm2d(width),
                                      nn.ReLU(inplace=True), nn.Conv2d(width, outputs, 1))

    def forward(self, x):
        maps = [branch(x) for branch in self.branches]
        maps.append(self.pooled(x).expand_as(maps[0]))
        return self.classify(self.project(torch.cat(maps, 1)))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = resnet50()
        self.heads = nn.ModuleDict({task: DeepLabHead(n) for task, n in CHANNELS.items()})

    def forward(self, images):
        """Features, and the logits of each task at the images' size."""
        features = self.encoder(images)
        size = images.shape[-2:]
        logits = {task: F.interpolate(head(features), size, mode="bilinear", align_corners=False)
                  for task, head in self.heads.items()}
        return features, logits


def losses(logits, labels):
    normals = F.normalize(logits["normal"], dim=1)
    return [F.cross_entropy(logits["seg"], labels["seg"], ignore_index=255),
            (logits["depth"] - labels["depth"]).abs().mean(),
            1 - (normals * labels["normal"]).sum(1).mean()]


def batch(size, height, width):
    """Images and labels of random numbers: a step takes as long on them as on real ones."""
    labels = {"seg": torch.randint(0, CHANNELS["seg"], (size, height, width)),
              "depth": torch.rand(size, 1, height, width) * 10,
              "normal": F.normalize(torch.randn(size, 3, height, width), dim=1)}
    return torch.randn(size, 3, height, width), labels
