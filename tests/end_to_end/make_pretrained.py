"""make_pretrained.py CHECKPOINT OUT: the encoder of a checkpoint under torchvision's names.

Both are safetensors files. Each stage of the encoder may have several copies; the first is taken.
"""
import json
import struct
import sys


def read(path):
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
        data = file.read()
    header.pop("__metadata__", None)
    return {name: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])])
            for name, entry in header.items()}


def write(path, tensors):
    header, begin = {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape,
                        "data_offsets": [begin, begin + len(data)]}
        begin += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, _, data in tensors.values():
            file.write(data)


def main():
    published = {}
    for name, tensor in read(sys.argv[1]).items():
        parts = name.split(".")  # encoder, stage, instance, and what torchvision calls it
        if parts[0] != "encoder":
            continue
        prefix = [] if parts[1] == "stem" else [parts[1]]
        published.setdefault(".".join(prefix + parts[3:]), tensor)
    assert "conv1.weight" in published and "layer2.0.conv1.weight" in published, sorted(published)
    write(sys.argv[2], published)


if __name__ == "__main__":
    main()
