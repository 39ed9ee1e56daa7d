#!/usr/bin/env python3
"""A reward over JSON lines: 1 where the reasoning checks its result, 0 where it does not.

    r1 score FILE.jsonl --program "python3 crates/rewards/examples/program_reward.py"
"""
import json
import sys

for line in sys.stdin:
    asked = json.loads(line)
    reasoning, ends, _ = asked["completion"].partition("</think>")
    if not ends:
        answer = {"score": None, "reason": "there is no reasoning to look at"}
    else:
        answer = {"score": float("check" in reasoning.lower())}
    # The id is not needed, but a program that answers the wrong question is then found out.
    print(json.dumps({"id": asked["id"], **answer}), flush=True)
