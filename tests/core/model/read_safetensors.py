"""read_safetensors.py FILE: a reader of the safetensors format that shares nothing with Tasuki's.

Written from the format's definition alone, with the standard library. Prints one JSON object:
{"metadata": {...}, "tensors": {name: {"dtype": ..., "shape": [...], "values": [...]}}}; values are
in row-major order, floats in hexadecimal so that nothing is rounded.
"""
import json
import struct
import sys

# dtype -> (bytes of one value, struct's letter)
LETTERS = {"F64": (8, "d"), "F32": (4, "f"), "F16": (2, "e"), "BF16": (2, "H"), "I64": (8, "q"),
           "I32": (4, "i"), "I16": (2, "h"), "I8": (1, "b"), "U8": (1, "B"), "BOOL": (1, "?")}


def text_of(dtype, value):
    if dtype == "BF16":  # the upper half of a float32
        value = struct.unpack("<f", struct.pack("<I", value << 16))[0]
    return value.hex() if isinstance(value, float) else int(value)


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length].decode("utf-8"))
    body = data[8 + length:]
    metadata = header.pop("__metadata__", {})
    tensors, covered = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        size, letter = LETTERS[entry["dtype"]]
        count = 1
        for dimension in entry["shape"]:
            count *= dimension
        assert begin == covered and end - begin == count * size, name
        covered = end
        values = struct.unpack(f"<{count}{letter}", body[begin:end])
        tensors[name] = {"dtype": entry["dtype"], "shape": entry["shape"],
                         "values": [text_of(entry["dtype"], value) for value in values]}
    assert covered == len(body), "bytes behind the last tensor"
    return {"metadata": metadata, "tensors": tensors}


if __name__ == "__main__":
    json.dump(read(sys.argv[1]), sys.stdout)
