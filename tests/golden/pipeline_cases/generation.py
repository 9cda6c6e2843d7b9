"""text-generation."""

import torch

from . import texts, tokenization
from .common import GPT2, Fixture, case, each

GREEDY = dict(do_sample=False, max_new_tokens=8)
PROMPTS = (
    "Anna lives in", " Anna lives in ", "", "   ", "北京是", "Peter ❤️ 👨‍👩‍👧‍👦", "שלום",
    "Où est l'été", "a\tb\n",
)
LINES = [PROMPTS[0], "Her brother Peter moved from London to", "The"]

PLAIN = (
    *each(PROMPTS, **GREEDY),
    *each(PROMPTS, return_full_text=False, **GREEDY),
    case(LINES, **GREEDY),
    case(LINES, batch_size=3, return_full_text=False, **GREEDY),
    case(LINES, batch_size=2, **GREEDY),
    case([PROMPTS[0]], **GREEDY),
    case(PROMPTS[0], return_tensors=True, **GREEDY),
    case(PROMPTS[0], do_sample=False, max_length=20),
    case(PROMPTS[0], do_sample=False, max_length=5),
    case(PROMPTS[0], do_sample=False, max_new_tokens=1),
    case(PROMPTS[0], do_sample=False, max_new_tokens=0),
    case(PROMPTS[0], repetition_penalty=1.5, **GREEDY),
    case(PROMPTS[0], no_repeat_ngram_size=2, do_sample=False, max_new_tokens=20),
    case(PROMPTS[0], num_beams=3, **GREEDY),
    case(PROMPTS[0], num_beams=3, num_return_sequences=2, **GREEDY),
    case(PROMPTS[0], num_beams=3, length_penalty=2.0, early_stopping=True, **GREEDY),
    case(PROMPTS[0], prefix="The ", **GREEDY),
    case(PROMPTS[0], prefix="The ", return_full_text=False, **GREEDY),
    case(PROMPTS[0], skip_special_tokens=False, **GREEDY),
    case(texts.LONG, **GREEDY),
    case(texts.LONG, handle_long_generation="hole", **GREEDY),
    case(texts.LONG, handle_long_generation="hole", return_full_text=False, **GREEDY),
    case(texts.TEN_THOUSAND, handle_long_generation="hole", return_full_text=False, **GREEDY),
    case(texts.LONG, truncation=True, max_length=64, do_sample=False),
    case(PROMPTS[0], do_sample=False, max_new_tokens=80),
    case(PROMPTS[0], return_full_text=True, return_text=True, **GREEDY),
    case([], **GREEDY),
)


def stops(*strings):
    """Generation that ends at a stop string, and would not end otherwise."""
    longer = dict(do_sample=False, max_new_tokens=16)
    return (
        case(PROMPTS[0], **longer),
        *(case(PROMPTS[0], stop_sequence=string, **longer) for string in strings),
        case(PROMPTS[0], stop_sequence=list(strings), return_full_text=False, **longer),
        case(LINES, stop_sequence=list(strings), batch_size=3, return_full_text=False, **longer),
    )


# The tokens "9", "P" and "st" of GPT-2's tokenizer below.
ENDS = (
    case(PROMPTS[0], eos_token_id=25, return_tensors=True, **GREEDY),
    case(PROMPTS[0], eos_token_id=[48, 271], **GREEDY),
    case(PROMPTS[0], eos_token_id=271, min_new_tokens=10, do_sample=False, max_new_tokens=16),
    case(LINES, eos_token_id=271, batch_size=3, return_full_text=False, **GREEDY),
    case(PROMPTS[0], eos_token_id=271, num_beams=3, do_sample=False, max_new_tokens=16),
)

# ------------------------------------------------------------------------------------------ chats

CHATML = """\
{%- if messages[0].role != 'system' %}
    {{- '<|im_start|>system\\nBe brief.<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""
INSTRUCTIONS = (
    "{% if messages[0]['role'] == 'system' %}"
    "{% set rest = messages[1:] %}{% set before = messages[0]['content'].strip() + '\\n\\n' %}"
    "{% else %}{% set rest = messages %}{% set before = '' %}{% endif %}"
    "{{ bos_token }}{% for message in rest %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('The roles must take turns: user, assistant, user, ...') }}{% endif %}"
    "{% if message['role'] == 'user' %}"
    "{{ '[INST] ' + (before if loop.first else '') + message['content'] | trim + ' [/INST]' }}"
    "{% else %}{{ ' ' + message['content'] | trim + eos_token }}{% endif %}{% endfor %}"
)


def says(role, content):
    return {"role": role, "content": content}


HELLO = [says("user", "Who lives in Berlin?")]
SYSTEM = [says("system", " Be kind. "), says("user", "Où est la gare?")]
LONGER = [*HELLO, says("assistant", "Anna 🎉."), says("user", "And in 北京?\n")]
PREFILLED = [*HELLO, says("assistant", "It is ")]

CHATS = (
    *each([HELLO, SYSTEM, LONGER, PREFILLED], **GREEDY),
    *each([HELLO, SYSTEM, LONGER, PREFILLED], return_full_text=False, **GREEDY),
    case(PREFILLED, continue_final_message=False, **GREEDY),
    case([HELLO, SYSTEM], **GREEDY),
    case([HELLO, SYSTEM], batch_size=2, return_full_text=False, **GREEDY),
    case([HELLO], **GREEDY),
    case(HELLO, do_sample=False),
    case(HELLO, skip_special_tokens=False, **GREEDY),
    case([says("assistant", "Hello!"), says("user", "Hello?")], **GREEDY),
    case([says("user", "")], **GREEDY),
    case([{"role": "user"}], **GREEDY),
    *each(PROMPTS, **GREEDY),
    *each(PROMPTS[:2], return_full_text=False, add_special_tokens=False, **GREEDY),
)

LLAMA = dict(
    hidden_size=12, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
    num_key_value_heads=1, max_position_embeddings=256, initializer_range=0.3,
)


def settings(**values):
    """A generation config, and a model that rarely predicts part of a character."""

    def prepare(folder, model, tokenizer):
        model.generation_config.update(**values)
        shown = [tokenizer.decode([id]) for id in range(len(tokenizer))]
        broken = [id for id, text in enumerate(shown) if not text.isprintable() or "\ufffd" in text]
        with torch.no_grad():
            model.get_output_embeddings().weight[broken] *= 0.1

    return prepare


FIXTURES = [
    Fixture(
        "text-generation", "gpt2", "GPT2LMHeadModel", GPT2, 171,
        lambda: tokenization.gpt2(64, pad_token="<|endoftext|>"),
        PLAIN + stops("tor", "sto", "P9", "P h", "xyz") + ENDS,
        noise=1e-4, prepare=settings(),
        scaled=(("wpe.weight", 2.0), ("c_proj.weight", 3.0)),
    ),
    Fixture(
        "text-generation", "qwen2-chat", "Qwen2ForCausalLM",
        {**LLAMA, "tie_word_embeddings": True}, 172,
        lambda: tokenization.qwen2(256, chat_template=CHATML), CHATS, noise=1e-4,
        prepare=settings(
            max_new_tokens=6, repetition_penalty=1.05, temperature=0.6, top_p=0.9, do_sample=True,
            eos_token_id=[2, 0], pad_token_id=0,
        ),
    ),
    Fixture(
        "text-generation", "llama-chat", "LlamaForCausalLM",
        {**LLAMA, "tie_word_embeddings": False}, 177,
        lambda: tokenization.llama(256, chat_template=INSTRUCTIONS),
        CHATS + each(PROMPTS[4:6], return_tensors=True, **GREEDY), noise=1e-4,
        prepare=settings(max_new_tokens=6),
    ),
]
