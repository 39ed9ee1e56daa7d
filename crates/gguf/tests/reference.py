"""Random blocks of every kind and what the package `gguf` makes of them: reference.py DIRECTORY."""

import sys

import gguf
import numpy as np

rng = np.random.default_rng(7)
# Places of half-precision scales in a block, which must be finite.
scales = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
    "Q2_K": [80, 82], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
}
for name, places in scales.items():
    kind = getattr(gguf.GGMLQuantizationType, name)
    _, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = rng.integers(0, 256, (64, size), dtype=np.uint8)
    for place in places:
        scale = rng.normal(size=(64, 1)).astype(np.float16)
        blocks[:, place:place + 2] = scale.view(np.uint8)
    blocks.tofile(f"{sys.argv[1]}/{name}.blocks")
    gguf.dequantize(blocks, kind).astype(np.float32).tofile(f"{sys.argv[1]}/{name}.values")
values = rng.normal(size=(16, 64)).astype(np.float32)
values.tofile(f"{sys.argv[1]}/plain.values")
gguf.quantize(values, gguf.GGMLQuantizationType.Q8_0).tofile(f"{sys.argv[1]}/plain.blocks")
