"""Says what PEFT makes of models and adapters, as JSON on the standard output.

Each argument is a directory with `base`, `merged` and `adapter`. Beside them PEFT writes `theirs`, an
adapter of its own of random values.
"""

import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

TOKENS = torch.tensor([[1, 2, 3, 4, 5, 6, 7]])


def load(directory):
    return AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()


def logits(model):
    with torch.no_grad():
        return model(TOKENS).logits.flatten().tolist()


def case(directory):
    adapter = json.loads((directory / "adapter" / "adapter_config.json").read_text())
    found = {
        "adapted": logits(PeftModel.from_pretrained(load(directory / "base"), directory / "adapter")),
        "merged": logits(load(directory / "merged")),
    }
    torch.manual_seed(0)
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=5,
        lora_alpha=7,
        use_rslora=True,
        target_modules=adapter["target_modules"],
        init_lora_weights=False,
    )
    theirs = get_peft_model(load(directory / "base"), config).eval()
    theirs.save_pretrained(directory / "theirs")
    found["theirs"] = logits(theirs)
    return found


print(json.dumps([case(Path(argument)) for argument in sys.argv[1:]]))
