"""compare_tensors.py A B: fails where a bit of two safetensors files differs.
compare_tensors.py A B BEGIN: fails where the weights of two trainings are further apart than 3 % of the
way that they have gone from BEGIN. Reads the format by itself."""
import json
import struct
import sys

FORMATS = {"F64": "d", "F32": "f", "I64": "q", "I32": "i", "U8": "B", "BOOL": "B", "I8": "b", "I16": "h"}


def tensors(path):
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    return {name: (entry["dtype"], entry["shape"],
                   data[entry["data_offsets"][0]:entry["data_offsets"][1]])
            for name, entry in header.items()}


def numbers(dtype, data):
    letter = FORMATS[dtype]
    return struct.unpack(f"<{len(data) // struct.calcsize(letter)}{letter}", data)


def same(first, second):
    for name, entry in first.items():
        assert entry == second[name], name


def square(values):
    return sum(value * value for value in values)


def near(first, second, begin):
    apart = moved = 0
    for name in (name for name in first if name.startswith("model.")):
        a, b, c = (numbers(file[name][0], file[name][2]) for file in (first, second, begin))
        apart += square(x - y for x, y in zip(a, b, strict=True))
        moved += square(x - y for x, y in zip(a, c, strict=True))
    print("apart", apart**0.5, "moved", moved**0.5)
    assert moved > 0
    assert apart**0.5 <= 0.03 * moved**0.5, (apart, moved)


def main():
    first, second, *begin = (tensors(path) for path in sys.argv[1:])
    assert first.keys() == second.keys() and len(first) > 5, sorted(first.keys() ^ second.keys())
    if begin:
        near(first, second, begin[0])
    else:
        same(first, second)


if __name__ == "__main__":
    main()
