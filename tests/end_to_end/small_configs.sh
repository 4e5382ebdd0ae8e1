# A run of seconds on rendered rooms, tiny.pbtxt, and the same on a folder of files, folder.pbtxt and
# padded.pbtxt. Sourced after common.sh.
cat >tiny.pbtxt <<'CONFIG'
name: "tiny"
data {
  dataset { [tasuki/Rooms] { height: 32 width: 40 train_size: 6 val_size: 3 test_size: 3 } }
  train_pipeline { [tasuki/RandomFlip] {} }
  train_pipeline { [tasuki/Normalize] {} }
  eval_pipeline { [tasuki/Normalize] {} }
  loader { batch_size: 2 eval_batch_size: 1 workers: 1 }
}
model {
  encoder { [tasuki/ResNet] { depth: 18 layers: 2 } }
  architecture { [tasuki/Branched] { shared_stages: 2 } }
  task { name: "seg" kind { [tasuki/Segmentation] { classes: 13 } } decoder { [tasuki/FCNHead] { channels: 8 } } }
  task { name: "depth" kind { [tasuki/Depth] {} } decoder { [tasuki/FCNHead] { channels: 8 } } }
  task { name: "normal" kind { [tasuki/Normals] {} } decoder { [tasuki/FCNHead] { channels: 8 } } }
}
train {
  epochs: 2
  precision: FP32
  optimizer { [tasuki/AdamW] { lr: 1e-3 } }
  schedule { [tasuki/Cosine] {} }
  weighting { [tasuki/EW] {} }
}
CONFIG

# The same model on a folder of files that are not Tasuki's own.
cat >folder.pbtxt <<'CONFIG'
base: "tiny.pbtxt"
name: "folder"
data {
  dataset {
    [tasuki/Folder] {
      root: "frames"
      field { name: "image" extension: ".png" }
      field { name: "seg" kind: "tasuki/label_map" ignore: 255 }
      field { name: "depth" kind: "tasuki/depth" scale: 0.001 }
      field { name: "normal" kind: "tasuki/normals" extension: ".npy" }
      split { name: "train" to: 0.4 }
      split { name: "val" from: 0.4 to: 0.6 }
      split { name: "test" from: 0.6 }
    }
  }
}
CONFIG

# The same, its pictures padded to a multiple of 32 for the network.
cat >padded.pbtxt <<'CONFIG'
base: "folder.pbtxt"
name: "padded"
data { eval_pipeline { [tasuki/Pad] {} } eval_pipeline { [tasuki/Normalize] {} } }
CONFIG

"$python" "$here/make_folder.py" frames
