"""Answers prompts greedily with transformers: talk.py MODEL PROMPTS.jsonl, a JSON line each."""

import json
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

directory, prompts = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(directory)
model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)
for line in open(prompts, encoding="utf-8"):
    messages = [{"role": "user", "content": json.loads(line)["prompt"]}]
    text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    tokens = torch.tensor([ids])
    said = model.generate(
        tokens, attention_mask=torch.ones_like(tokens), max_new_tokens=24, do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
    )[0, len(ids):]
    answer = tokenizer.decode(said, skip_special_tokens=True)
    print(json.dumps({"prompt": ids, "text": answer}))
