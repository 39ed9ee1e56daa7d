"""Loads checkpoints with transformers and records what it computes, as cases for `r1 parity`.

Arguments: directories. In each, `case.json` and `expected.safetensors` are written. Fails on a
checkpoint that lacks a tensor, has one too many, or is not loaded in the type it is stored in.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

ROWS, LENGTH, NEW_TOKENS = 2, 12, 16


def load(directory, dtype):
    model, info = AutoModelForCausalLM.from_pretrained(
        directory, dtype=dtype, attn_implementation="eager", output_loading_info=True
    )
    wrong = {key: sorted(map(str, value)) for key, value in info.items() if value}
    assert not wrong, f"{directory}: {wrong}"
    return model.eval()


def check_types(directory):
    """The type in config.json is that of the files, and router biases keep theirs."""
    model = load(directory, "auto")
    stored = {}
    for file in directory.glob("*.safetensors"):
        stored.update(load_file(file))
    bias = "e_score_correction_bias"
    types = {tensor.dtype for name, tensor in stored.items() if not name.endswith(bias)}
    assert types == {model.dtype}, f"{directory}: {types}, loaded as {model.dtype}"
    for name, tensor in model.state_dict().items():
        if name.endswith(bias):
            assert tensor.dtype == torch.float32, f"{directory}: {name} is {tensor.dtype}"
            assert torch.equal(tensor, stored[name]), f"{directory}: {name} was changed"


@torch.no_grad()
def record(directory):
    model = load(directory, torch.float32)
    torch.manual_seed(0)
    ids = torch.randint(1, model.config.vocab_size, (ROWS, LENGTH))
    out = model(input_ids=ids, labels=ids)
    prompt = ids[:, :5]
    said = model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=NEW_TOKENS,
        do_sample=False,
        eos_token_id=None,
        pad_token_id=0,
    )
    save_file({"nopad.logits": out.logits.contiguous()}, directory / "expected.safetensors")
    labels = ids.clone()
    labels[:, 0] = -100
    case = {
        "batches": {
            "nopad": {
                "input_ids": ids.tolist(),
                "attention_mask": torch.ones_like(ids).tolist(),
                "labels": labels.tolist(),
                "loss": out.loss.item(),
            }
        },
        "generate": {
            "input_ids": prompt.tolist(),
            "attention_mask": torch.ones_like(prompt).tolist(),
            "max_new_tokens": NEW_TOKENS,
            "expected_ids": said[:, prompt.shape[1] :].tolist(),
        },
    }
    (directory / "case.json").write_text(json.dumps(case))


for argument in sys.argv[1:]:
    check_types(Path(argument))
    record(Path(argument))
