"""make_corpus.py FOLDER: writes the binary seeds of the fuzz targets (npy, pictures, predictions,
safetensors) below FOLDER, with NumPy and Pillow; safetensors by its specification."""
import io
import json
import os
import struct
import sys

import numpy as np
from PIL import Image


def npy(array, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version)
    return out.getvalue()


def picture(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def numbers(kind, *shape):
    return np.arange(np.prod(shape)).reshape(shape).astype(kind)


def normals(kind):
    vectors = np.array([[[0, 0, -1], [0.6, 0, -0.8], [0, 0, 0]]])
    if kind == "u1":
        return np.round((vectors + 1) / 2 * 255).astype("u1")
    return vectors.astype(kind)


def indexed(bits):
    """Indices 0..3 with a palette in which all colours are the same."""
    image = Image.fromarray(numbers("u1", 2, 2), "P")
    image.putpalette([9, 9, 9] * (1 << bits))
    return picture(image, "PNG", bits=bits)


def safetensors(tensors, metadata=None):
    header, data = {}, b""
    if metadata is not None:
        header["__metadata__"] = metadata
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape,
                        "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def npy_seeds():
    yield "float32.npy", npy(numbers("<f4", 2, 3))
    yield "big_endian_int16.npy", npy(numbers(">i2", 2, 3))
    yield "half_of_three_channels.npy", npy(numbers("<f2", 2, 2, 3))
    yield "fortran_order.npy", npy(np.asfortranarray(numbers("<i4", 2, 3, 2)))
    yield "version_2.npy", npy(numbers("<u8", 1, 2), (2, 0))
    yield "version_3_bool.npy", npy(numbers("?", 2, 2), (3, 0))
    yield "too_many_axes.npy", npy(numbers("u1", 1, 2, 1, 2))
    yield "structured.npy", npy(np.zeros((1, 2), [("a", "<i4"), ("b", "<f4")]))


def picture_seeds():
    grey, colour = numbers("u1", 4, 3), numbers("u1", 4, 3, 3)
    yield "grey.png", picture(Image.fromarray(grey), "PNG")
    yield "colour.png", picture(Image.fromarray(colour), "PNG")
    yield "alpha.png", picture(Image.fromarray(numbers("u1", 2, 2, 4)), "PNG")
    yield "grey16.png", picture(Image.fromarray(numbers("u2", 4, 3)), "PNG")
    for bits in (1, 2, 4, 8):
        yield f"indexed{bits}.png", indexed(bits)
    yield "colour.jpg", picture(Image.fromarray(colour), "JPEG", quality=30)
    yield "progressive.jpg", picture(Image.fromarray(grey), "JPEG", progressive=True, quality=30)
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation
    for kind in ("PNG", "JPEG", "WebP", "TIFF"):
        yield f"turned.{kind.lower()}", picture(Image.fromarray(colour), kind, exif=exif)
    yield "lossless.webp", picture(Image.fromarray(colour), "WebP", lossless=True)
    yield "grey_alpha.png", picture(Image.fromarray(numbers("u1", 4, 3, 2), "LA"), "PNG")


def prediction_seeds():
    yield "classes.npy", npy(numbers("<i8", 2, 3))
    yield "depth.npy", npy(numbers("<f4", 2, 3))
    yield "depth_not_finite.npy", npy(np.array([[1, np.inf], [np.nan, 2]], "<f8"))
    yield "normals.npy", npy(normals("<f4"))
    yield "classes.png", picture(Image.fromarray(numbers("u1", 2, 3)), "PNG")
    yield "classes_indexed.png", indexed(2)
    yield "disparity.png", picture(Image.fromarray(numbers("u2", 2, 3) + 1), "PNG")
    yield "normals.png", picture(Image.fromarray(normals("u1")), "PNG")


def safetensors_seeds():
    yield "types.safetensors", safetensors(
        {kind: (kind, [1, 2], bytes(2 * size)) for kind, size in (
            ("F64", 8), ("F32", 4), ("F16", 2), ("BF16", 2), ("I64", 8), ("I32", 4), ("I16", 2),
            ("I8", 1), ("U8", 1), ("BOOL", 1))})
    yield "metadata.safetensors", safetensors({"a": ("U8", [], b"a")}, {"config": "name: \"x\""})
    yield "no_elements.safetensors", safetensors(
        {"a": ("F32", [0, 3], b""), "b": ("U8", [2], b"ab"), "c": ("F32", [0], b"")})
    yield "gap.safetensors", safetensors({"a": ("F32", [1], b"abcde")})
    yield "nothing.safetensors", safetensors({})


def main():
    for target, seeds in (("npy", npy_seeds()), ("pictures", picture_seeds()),
                          ("predictions", prediction_seeds()), ("safetensors", safetensors_seeds())):
        folder = os.path.join(sys.argv[1], target)
        os.makedirs(folder, exist_ok=True)
        for name, content in seeds:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)


main()
