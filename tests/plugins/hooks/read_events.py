"""read_events.py FOLDER: what TensorBoard itself sees in the event files of a folder.

Prints one JSON object: "records", every value as it stands in the files, [tag, step, kind];
"scalars", {tag: [[step, value], ...]}, "images", {tag: [[step, width, height, mode], ...]} with the
pictures decoded, "texts", {tag: [[step, text], ...]} as TensorBoard accumulates them.
Exit code 77 where Python's package tensorboard is not installed.
"""
import io
import json
import os
import sys

try:
    from PIL import Image
    from tensorboard.backend.event_processing import event_accumulator, event_file_loader
    from tensorboard.util import tensor_util
except ImportError as missing:
    print(missing, file=sys.stderr)
    sys.exit(77)


def records(folder):
    for name in sorted(os.listdir(folder)):
        for event in event_file_loader.LegacyEventFileLoader(os.path.join(folder, name)).Load():
            for value in event.summary.value:
                yield [value.tag, event.step, value.WhichOneof("value")]


def picture(event):
    image = Image.open(io.BytesIO(event.encoded_image_string))
    image.load()
    assert image.size == (event.width, event.height)
    return [event.step, image.width, image.height, image.mode]


def main(folder):
    seen = event_accumulator.EventAccumulator(folder, size_guidance={
        event_accumulator.SCALARS: 0, event_accumulator.IMAGES: 0, event_accumulator.TENSORS: 0})
    seen.Reload()
    tags = seen.Tags()
    texts = {}
    for tag in tags["tensors"]:
        plugin = seen.SummaryMetadata(tag).plugin_data.plugin_name
        assert plugin == "text", (tag, plugin)
        texts[tag] = [[event.step, tensor_util.make_ndarray(event.tensor_proto)[0].decode()]
                      for event in seen.Tensors(tag)]
    # JSON has no NaN.
    print(json.dumps({
        "records": list(records(folder)),
        "scalars": {tag: [[event.step, None if event.value != event.value else event.value]
                          for event in seen.Scalars(tag)]
                    for tag in tags["scalars"]},
        "images": {tag: [picture(event) for event in seen.Images(tag)] for tag in tags["images"]},
        "texts": texts}))


main(sys.argv[1])
