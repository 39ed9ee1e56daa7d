"""Asks a server through OpenAI's own client: `openai_client.py URL MODEL KEY`."""

import sys

import openai

url, model, key = sys.argv[1:]
client = openai.OpenAI(base_url=url + "/v1", api_key=key, max_retries=0)
messages = [{"role": "user", "content": "What is 3 + 4?"}]
ask = dict(model=model, messages=messages, seed=7, max_tokens=40)

assert [one.id for one in client.models.list()] == [model]
assert client.models.retrieve(model).id == model

whole = client.chat.completions.create(**ask, n=3, logprobs=True, top_logprobs=2)
assert len(whole.choices) == 3
assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
assert sum(len(one.logprobs.content) for one in whole.choices) == whole.usage.completion_tokens
assert all(one.finish_reason in ("stop", "length") for one in whole.choices)

said = {"content": "", "reasoning_content": ""}
finish = usage = None
options = {"include_usage": True}
for chunk in client.chat.completions.create(**ask, stream=True, stream_options=options):
    usage = chunk.usage or usage
    for choice in chunk.choices:
        finish = choice.finish_reason or finish
        for field in said:
            said[field] += getattr(choice.delta, field, None) or ""
first = whole.choices[0]
assert said["content"] == first.message.content
assert said["reasoning_content"] == (first.message.reasoning_content or "")
assert finish == first.finish_reason
assert usage.prompt_tokens == whole.usage.prompt_tokens

text = client.completions.create(model=model, prompt="So ", seed=3, max_tokens=20, logprobs=1)
assert len(text.choices[0].logprobs.token_logprobs) == text.usage.completion_tokens
stop = text.choices[0].text[3:5]
cut = client.completions.create(model=model, prompt="So ", seed=3, max_tokens=20, stop=[stop])
assert cut.choices[0].text == text.choices[0].text.split(stop)[0]
streamed = client.completions.create(
    model=model, prompt="So ", seed=3, max_tokens=20, stream=True
)
assert "".join(chunk.choices[0].text for chunk in streamed) == text.choices[0].text


def refused(kind, do):
    try:
        do()
    except kind as error:
        return str(error)
    raise AssertionError(f"not refused with {kind.__name__}")


assert "temperature" in refused(
    openai.BadRequestError, lambda: client.chat.completions.create(**ask, temperature=-1)
)
assert "other" in refused(
    openai.NotFoundError, lambda: client.completions.create(model="other", prompt="a")
)
stranger = openai.OpenAI(base_url=url + "/v1", api_key="wrong", max_retries=0)
refused(openai.AuthenticationError, lambda: stranger.models.list())
