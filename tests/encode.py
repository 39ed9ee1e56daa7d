"""Encodes texts and conversations with transformers: encode.py TOKENIZER INPUT.jsonl, a JSON list each line.

A line of the input is a text, or a list of messages.
"""

import json
import sys

from transformers import AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
for line in open(sys.argv[2], encoding="utf-8"):
    said = json.loads(line)
    if not isinstance(said, str):
        said = tokenizer.apply_chat_template(said, add_generation_prompt=True, tokenize=False)
    print(json.dumps(tokenizer(said, add_special_tokens=False)["input_ids"]))
