"""make_folder.py ROOT: a tiny data set of 31x45 images with classes, depth and normals.

Written with the standard library alone, so that nothing of Tasuki writes what Tasuki reads.
"""
import math
import os
import random
import struct
import sys
import zlib

HEIGHT, WIDTH, IMAGES = 31, 45, 5


def write_png(path, rows, colour_type, depth):
    """rows: a list of bytes, one per line of pixels."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, colour_type, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) +
                   chunk(b"IEND", b""))


def write_npy(path, values):
    """values: HEIGHT x WIDTH x 3 floats."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({HEIGHT}, {WIDTH}, 3), }}"
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header.encode())
        file.write(struct.pack(f"<{len(values)}f", *values))


def write_sample(root, name, rng):
    image, seg, depth, normals = [], [], [], []
    tilt = rng.uniform(-0.5, 0.5)
    length = math.sqrt(tilt * tilt + 1)
    for y in range(HEIGHT):
        image.append(bytes(rng.randrange(256) for _ in range(3 * WIDTH)))
        seg.append(bytes(255 if rng.random() < 0.1 else (x // 9 + 5 * (y // 8)) % 13
                         for x in range(WIDTH)))
        depth.append(b"".join(struct.pack(">H", 1000 + 40 * y + 5 * x) for x in range(WIDTH)))
        for x in range(WIDTH):
            normals += [0, 0, 0] if x == 3 else [tilt / length, 0, -1 / length]
    write_png(os.path.join(root, "image", name + ".png"), image, 2, 8)
    write_png(os.path.join(root, "seg", name + ".png"), seg, 0, 8)
    write_png(os.path.join(root, "depth", name + ".png"), depth, 0, 16)
    write_npy(os.path.join(root, "normal", name + ".npy"), normals)


def main():
    root = sys.argv[1]
    rng = random.Random(5)
    for folder in ("image", "seg", "depth", "normal"):
        os.makedirs(os.path.join(root, folder))
    for i in range(IMAGES):
        write_sample(root, f"frame{i}", rng)


if __name__ == "__main__":
    main()
