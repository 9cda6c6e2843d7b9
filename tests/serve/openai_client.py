"""Asks the server through OpenAI's own client: texts, vectors and a busy server, and two expected texts."""

import sys

import openai

texts_url, vectors_url, busy_url, completion, answer = sys.argv[1:]


def client(url, key="secret"):
    return openai.OpenAI(base_url=url, api_key=key, max_retries=0, timeout=60)


def raises(kind, call, **fields):
    try:
        call()
    except kind as error:
        for name, value in fields.items():
            assert getattr(error, name) == value, (name, getattr(error, name), value)
        return error
    raise AssertionError(f"no {kind.__name__}")


texts = client(texts_url)
assert [model.id for model in texts.models.list()] == ["tiny"]
assert texts.models.retrieve("tiny").owned_by == "burn-zoo"

# Completions.
asked = {"model": "tiny", "prompt": "the cat", "temperature": 0}
whole = texts.completions.create(**asked)
assert whole.choices[0].text == completion, whole
assert whole.choices[0].finish_reason == "length"
assert whole.usage.completion_tokens == 16
assert whole.usage.total_tokens == whole.usage.prompt_tokens + 16
pieces = list(texts.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
assert "".join(c.text for piece in pieces for c in piece.choices) == completion
assert pieces[-1].usage == whole.usage
several = texts.completions.create(**asked, n=2, echo=True, extra_body={"top_k": 1})
assert [choice.text for choice in several.choices] == ["the cat" + completion] * 2
stopped = texts.completions.create(**asked, stop=completion[3])
assert stopped.choices[0].text == completion[: completion.index(completion[3])]
assert stopped.choices[0].finish_reason == "stop"

# Chat.
asked = {"model": "tiny", "messages": [{"role": "user", "content": "Hi"}], "temperature": 0, "max_tokens": 16}
whole = texts.chat.completions.create(**asked)
assert whole.choices[0].message.content == answer, whole
assert whole.choices[0].message.role == "assistant"
with texts.chat.completions.create(**asked, stream=True) as stream:
    deltas = [chunk.choices[0].delta for chunk in stream]
assert deltas[0].role == "assistant"
assert "".join(delta.content or "" for delta in deltas) == answer
# Leaving in the middle is no harm.
with texts.chat.completions.create(**asked, stream=True) as stream:
    next(iter(stream))
stop = answer[5]
with texts.chat.completions.stream(**asked, stop=stop) as stream:
    assert stream.get_final_completion().choices[0].message.content == answer[: answer.index(stop)]

# Vectors: the client asks for base64 by itself.
vectors = client(vectors_url)
packed = vectors.embeddings.create(model="tiny", input=["a cat", "ox"])
plain = vectors.embeddings.create(model="tiny", input=["a cat", "ox"], encoding_format="float")
assert [datum.index for datum in packed.data] == [0, 1]
for one, other in zip(packed.data, plain.data):
    assert len(one.embedding) == len(other.embedding) > 0
    assert all(abs(x - y) < 1e-7 for x, y in zip(one.embedding, other.embedding))
assert packed.usage.prompt_tokens == 7

# Errors.
create = texts.completions.create
error = raises(openai.BadRequestError, lambda: create(model="tiny", prompt="a", temperature=9), param="temperature")
assert "between 0 and 2" in error.message, error.message
raises(openai.BadRequestError, lambda: create(model="tiny", prompt="a", max_tokens=999), code="context_length_exceeded")
raises(openai.NotFoundError, lambda: create(model="gpt-4", prompt="a"), code="model_not_found")
raises(openai.NotFoundError, lambda: texts.images.generate(model="tiny", prompt="a"), code="unknown_url")
raises(openai.AuthenticationError, client(texts_url, "wrong").models.list, code="invalid_api_key")
raises(openai.BadRequestError, lambda: vectors.completions.create(model="tiny", prompt="a"))
busy = client(busy_url)
with busy.completions.create(model="tiny", prompt="a", max_tokens=100, temperature=0, stream=True) as stream:
    next(iter(stream))
    raises(openai.RateLimitError, lambda: busy.completions.create(model="tiny", prompt="a"), code="rate_limit_exceeded")

print("all is well")
