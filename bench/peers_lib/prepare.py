"""A child process that makes every peer's model files from one set of weights.

`python -m peers_lib.prepare JOB`; JOB: model (name), files (those that the contenders read), folder,
bundled (the bundled model's folder), exporter (tools/export_torchscript.py), calibration (a SQuAD
file), reduce_range. What is there already is kept: a step writes under another name first, so that a
stopped one leaves nothing. Prints an empty JSON object.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from peers_lib import export_onnx, weights
from peers_lib.families import BY_NAME


def step(path, make):
    """Makes a file or folder unless it is there."""
    if path.exists():
        return
    print(f"  {path.name}", file=sys.stderr, flush=True)
    partial = path.with_name("partial-" + path.name)
    if partial.is_dir():
        shutil.rmtree(partial)
    path.parent.mkdir(parents=True, exist_ok=True)
    make(partial)
    partial.rename(path)


def make_model_directory(job, checkpoint, out):
    """bertqa's model folder: the bundled one, or what the exporter makes, with the TorchScript graph;
    where nobody runs that, the checkpoint itself, which any family has."""
    if job["model"] == "minilm":
        shutil.copytree(job["bundled"], out)
    elif "bertqa/model.pt" not in job["files"]:
        shutil.copytree(checkpoint, out, copy_function=os.link)
    else:
        subprocess.run([sys.executable, job["exporter"], str(checkpoint), str(out)], check=True,
                       stdout=subprocess.DEVNULL)


def main():
    job = json.loads(sys.argv[1])
    folder, bundled = Path(job["folder"]), Path(job["bundled"])
    checkpoint, tokenizer = folder / "checkpoint", folder / "tokenizer.json"
    plain, fused = folder / "plain.onnx", folder / "onnxruntime-fp32.onnx"
    step(checkpoint, lambda out: weights.make_checkpoint(job["model"], bundled, out))
    step(tokenizer, lambda out: shutil.copyfile(checkpoint / "tokenizer.json", out))
    step(folder / "bertqa", lambda out: make_model_directory(job, checkpoint, out))
    step(plain, lambda out: export_onnx.export(checkpoint, out))
    step(fused, lambda out: export_onnx.fuse(checkpoint, plain, out,
                                             BY_NAME.get(job["model"], export_onnx.BERT)))
    if "onnxruntime-int8.onnx" in job["files"]:
        step(folder / "onnxruntime-int8.onnx",
             lambda out: export_onnx.quantize(fused, job["reduce_range"], out))
    if any(file.startswith("openvino/") for file in job["files"]):
        from peers_lib import export_openvino
        step(folder / "openvino", lambda out: export_openvino.export_all(
            plain, tokenizer, job["calibration"], out))
    print("{}")  # the last line of every child is JSON; the quantiser above prints its own


if __name__ == "__main__":
    main()
