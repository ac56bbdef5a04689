"""OpenVINO files: fp32, 8-bit weights for dynamic quantisation, and calibrated int8."""

import nncf
import openvino

from peers_lib import reader
from peers_lib.squad import read_examples


def export_all(plain, tokenizer, calibration, out):
    """Writes fp32.xml, int8-weights.xml and int8-static.xml with their .bin files."""
    out.mkdir()
    save(openvino.convert_model(str(plain)), out / "fp32.xml")
    save(nncf.compress_weights(openvino.convert_model(str(plain)),
                               mode=nncf.CompressWeightsMode.INT8_SYM), out / "int8-weights.xml")
    inputs = calibration_inputs(tokenizer, calibration)
    save(nncf.quantize(openvino.convert_model(str(plain)), nncf.Dataset(inputs),
                       model_type=nncf.ModelType.TRANSFORMER, subset_size=len(inputs)),
         out / "int8-static.xml")


def save(model, path):
    """Weights stay as they are: by default they would be rounded to fp16."""
    openvino.save_model(model, str(path), compress_to_fp16=False)


def calibration_inputs(tokenizer, squad):
    """One window a question of the tuning questions."""
    windows, _ = reader.windows_of(read_examples(squad), reader.load_tokenizer(tokenizer))
    names = ("input_ids", "attention_mask", "token_type_ids")
    return [dict(zip(names, reader.inputs_of([window], multiple=1))) for window in windows]
