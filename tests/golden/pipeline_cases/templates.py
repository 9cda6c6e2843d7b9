"""chat_templates.json: templates with the features of published ones, and their output."""

import datetime
import importlib.metadata
import json

import tokenizers
import transformers

from .common import Fixture

USER = {"role": "user", "content": " Who lives in Berlin? "}
SYSTEM = {"role": "system", "content": "Be <brief> & kind.\n"}
ASSISTANT = {
    "role": "assistant", "content": "<think>\nAnna or Peter?\n</think>\n\nAnna 🎉 née Élise.",
}
AGAIN = {"role": "user", "content": "And in 北京?"}
CALLS = {
    "role": "assistant", "content": None,
    "tool_calls": [
        {"type": "function", "id": "a1", "function": {
            "name": "weather", "arguments": {"city": "Köln", "days": 3, "exact": True, "at": None},
        }},
        {"type": "function", "id": "b2", "function": {"name": "now", "arguments": {}}},
    ],
}
RESULT = {"role": "tool", "name": "weather", "tool_call_id": "a1", "content": {"degrees": 21.5}}
PARTS = {"role": "user", "content": [
    {"type": "text", "text": "What is "}, {"type": "image"}, {"type": "text", "text": "this?"},
]}
TOOLS = [{"type": "function", "function": {
    "name": "weather", "description": "The weather of a city's <days>.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer", "default": 1}},
        "required": ["city"],
    },
}}]
DOCUMENTS = [{"title": "Maps", "text": "Old maps."}, {"title": "Über", "text": "Neue Karten."}]

SHORT = [USER]
CHAT = [SYSTEM, USER, ASSISTANT, AGAIN]
TOOL_CHAT = [USER, CALLS, RESULT]
PREFILLED = [USER, {"role": "assistant", "content": "She is "}]
BAD = [ASSISTANT, USER]

SIGNS = dict(bos_token="<s>", eos_token="</s>")
ASKS = dict(add_generation_prompt=True)
TOOLED = dict(tools=TOOLS, **ASKS)


# A template, and its inputs: messages and parameters.
TEMPLATES = [
    (
        # trim_blocks, lstrip_blocks, and comments.
        """\
{# The first line is gone. #}
{% for message in messages %}
    {% if message.role == 'user' %}
  User: {{ message.content }}
    {% else %}
  Other: {{ message.content }}
    {%+ endif %}
{% endfor %}

{% if add_generation_prompt %}
Answer:
{% endif %}


""",
        [(SHORT, {}), (CHAT, ASKS)],
    ),
    (
        # Dashes on both sides, tools as JSON, a slice, and a default system message.
        """\
{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0]['role'] == 'system' -%}
        {{ messages[0]['content'] }}
    {%- else -%}
        Be helpful.
    {%- endif %}
    {{- "\\n\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools><|im_end|>\\n" }}
    {%- set rest = messages[1:] if messages[0].role == 'system' else messages %}
{%- else %}
    {%- set rest = messages %}
{%- endif %}
{%- for message in rest %}
    {%- if message.tool_calls is defined and message.tool_calls %}
        {{- '<|im_start|>' + message.role }}
        {%- for call in message.tool_calls %}
            {%- if call.function is defined %}
                {%- set call = call.function %}
            {%- endif %}
            {{- '\\n{"name": "' }}{{ call.name }}{{ '", "arguments": ' }}
            {{- call.arguments | tojson }}{{ '}' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>' ~ message.role ~ '\\n' ~ message.content ~ '<|im_end|>' ~ '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
""",
        [
            (SHORT, {}), (CHAT, TOOLED), (TOOL_CHAT, TOOLED),
            (PREFILLED, {"continue_final_message": True}),
        ],
    ),
    (
        # The roles must alternate.
        "{{ bos_token }}{% if messages[0]['role'] == 'system' %}"
        "{{ raise_exception('System role not supported') }}{% endif %}"
        "{% for message in messages %}"
        "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('Roles must take turns: ' + message['role'] + ' at ' ~ loop.index0) }}"
        "{% endif %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}"
        "{% else %}{% set role = message['role'] %}{% endif %}"
        "{{ '<turn>' + role + '\\n' + message['content'] | trim + '</turn>\\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{'<turn>model\\n'}}{% endif %}",
        [
            (SHORT, {**SIGNS, **ASKS}), ([USER, ASSISTANT, AGAIN], SIGNS), (CHAT, SIGNS),
            (BAD, SIGNS), (PREFILLED, {**SIGNS, "continue_final_message": True}),
        ],
    ),
    (
        # A namespace, loop controls, and a reversed loop.
        """\
{%- set ns = namespace(last=-1, users=0, found=false, names=[]) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages | length - 1) - loop.index0 %}
    {%- if not ns.found and message.role == "user" and message.content is string %}
        {%- set ns.last = index %}
        {%- set ns.found = true %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.role == 'system' %}{% continue %}{% endif %}
    {%- if loop.index > 3 %}{% break %}{% endif %}
    {%- set ns.users = ns.users + 1 %}
    {{- loop.index ~ '/' ~ loop.length ~ ' ' ~ loop.first ~ ' ' ~ loop.last ~ ' ' ~ loop.revindex }}
    {%- if loop.previtem is defined %}{{ ' after ' + loop.previtem.role }}{% endif %}
    {%- if loop.nextitem is defined %}{{ ' before ' + loop.nextitem.role }}{% endif %}
    {{- '\\n' }}
{%- else %}
    {{- 'nobody' }}
{%- endfor %}
{{- ns.last }} {{ ns.users }} {{ ns.found }}""",
        [(SHORT, {}), (CHAT, {}), (TOOL_CHAT, {})],
    ),
    (
        # Reasoning is removed from older answers.
        """\
{%- for message in messages %}
    {%- set content = message.content if message.content is string else '' %}
    {%- set thought = '' %}
    {%- if message.role == 'assistant' and '</think>' in content %}
        {%- set before = content.split('</think>')[0].rstrip('\\n') %}
        {%- set thought = before.split('<think>')[-1].lstrip('\\n') %}
        {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
    {%- endif %}
    {%- set thought = '(' + thought + ')' if thought else '' %}
    {{- '[' + message.role.upper() + ']' + content.strip() + thought + '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '[ASSISTANT]' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>' }}
    {%- endif %}
{%- endif %}""",
        [
            (CHAT, {}), (CHAT, {**ASKS, "enable_thinking": False}),
            (TOOL_CHAT, {**ASKS, "enable_thinking": True}),
        ],
    ),
    (
        # JSON in Python's format.
        """\
{{ tools | tojson }}
{{ tools[0].function.parameters | tojson(indent=2) }}
{{ messages[-1] | tojson(indent=4) }}
{{ {'é': '<&>\\'"', 'n': none, 't': true, 'f': 1.0, 'i': 3, 'l': [], 'd': {}} | tojson }}
{{ 'Ünï 🎉 \\u2028' | tojson }} {{ 'é' | tojson(ensure_ascii=true) }}
{{ 1e20 | tojson }} {{ 0.1 | tojson }}
{{ {'b': 1, 'a': [1, 2]} | tojson(separators=(',', ':'), sort_keys=true) }}""",
        [(TOOL_CHAT, TOOLED)],
    ),
    (
        # Macros, and a block assigned to a variable.
        """\
{%- macro part(item, level=0) -%}
    {%- if item is string -%}
        {{ item | trim }}
    {%- elif item is mapping -%}
        {{ '{' }}{% for key, value in item.items() %}{{ key }}: {{ part(value, level=level + 1) }}
        {%- if not loop.last %}, {% endif %}{% endfor %}{{ '}' ~ level }}
    {%- elif item is iterable -%}
        [{% for inner in item %}{{ part(inner, level + 1) }}{{ '; ' if not loop.last }}{% endfor %}]
    {%- else -%}
        {{ item }}
    {%- endif -%}
{%- endmacro -%}
{% set header %}
Hello {{ messages | length }}

{%- endset %}
{{ header }}: {{ part(messages) }}
{% filter upper %}quiet {{ bos_token }}{% endfilter %}
{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}
{% raw %}{{ not a variable }}{% endraw %}""",
        [(SHORT, SIGNS), (TOOL_CHAT, SIGNS), ([PARTS], SIGNS)],
    ),
    (
        # The assistant's messages, marked for training.
        """\
{%- for message in messages %}
    {%- if message.role == 'assistant' %}
        {{- 'A: ' }}
        {%- generation %}
        {{- message.content + eos_token }}
        {%- endgeneration %}
        {{- '\\n' }}
    {%- else %}
        {{- 'U: ' + message.content + '\\n' }}
    {%- endif %}
{%- endfor %}
{% generation %}
end
{% endgeneration %}
""",
        [([USER, ASSISTANT, AGAIN], SIGNS)],
    ),
    (
        # Text and images in sequence.
        """\
{% set counter = namespace(images=0) %}
{% for message in messages %}<|{{ message['role'] }}|>
{% if message['content'] is string %}
{{ message['content'] }}
{% else %}
{% for part in message['content'] %}
{% if part['type'] == 'image' or 'image' in part %}
{% set counter.images = counter.images + 1 %}<image_{{ counter.images }}>
{%- elif 'text' in part %}
{{- part['text'] }}
{%- endif %}
{% endfor %}
{% endif %}
<|end|>
{% endfor %}
{% if add_generation_prompt %}<|assistant|>
{% endif %}""",
        [([PARTS, ASSISTANT], ASKS), ([SYSTEM, PARTS], {}), (SHORT, ASKS)],
    ),
    (
        # A date, tools in the first question, and arguments in a loop.
        """\
{{- bos_token }}
{%- if not tools is defined %}{%- set tools = none %}{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("some day") %}
    {%- else %}
        {%- set date_string = "no day" %}
    {%- endif %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content'] | trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|head|>system<|end|>\\n\\nToday: " + date_string + "\\n\\n" + system_message + "<|eot|>" }}
{%- if tools is not none and messages | length != 0 %}
    {%- set first = messages[0]['content'] | trim %}
    {%- set messages = messages[1:] %}
    {{- '<|head|>user<|end|>\\n\\n' }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
    {{- first + "<|eot|>" }}
{%- endif %}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|head|>' + message['role'] + '<|end|>\\n\\n' }}
        {{- message['content'] | trim + '<|eot|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls | length == 1 and strict %}
            {{- raise_exception("Only one call at once!") }}
        {%- endif %}
        {%- set call = message.tool_calls[0].function %}
        {{- '<|head|>assistant<|end|>\\n\\n' + call.name + "(" }}
        {%- for name, value in call.arguments | items %}
            {{- name + '=' + (value | tojson) }}
            {%- if not loop.last %}{{- ", " }}{%- endif %}
        {%- endfor %}
        {{- ")<|eot|>" }}
    {%- else %}
        {{- "<|head|>ipython<|end|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|eot|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|head|>assistant<|end|>\\n\\n' }}
{%- endif %}
""",
        [
            (CHAT, {**SIGNS, **ASKS}), (TOOL_CHAT, {**SIGNS, **TOOLED}),
            (CHAT, {**SIGNS, "date_string": "26 Jul 2024"}), (TOOL_CHAT, {**SIGNS, "strict": True}),
        ],
    ),
    (
        # Documents, and undefined variables.
        """\
{%- for document in documents or [] %}
{{ loop.index }}. {{ document.title }}: {{ document['text'] }}{{ document.author }}
{%- endfor %}
{{ missing }}|{{ messages[0].missing }}|{{ messages[0].missing is defined }}
{{- '|' ~ (messages[7] is defined) }}
{%- if missing %}yes{% else %} no{% endif %}
{{- ' ' ~ (missing is undefined) ~ ' ' ~ (messages[0]['content'] is not none) }}
{% if strict %}{{ missing.deeper }}{% endif %}""",
        [(SHORT, {"documents": DOCUMENTS}), (SHORT, {}), (SHORT, {"strict": True})],
    ),
    ("{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor", [(SHORT, SIGNS)]),
    ("{{ 'x' + 1 }}", [(SHORT, {})]),
    ("{{ messages[0].content | nofilter }}", [(SHORT, {})]),
    ("{% do messages.append(1) %}", [(SHORT, {})]),
    ("{{ messages.append(1) }}", [(SHORT, {})]),
    ("plain\n", [(SHORT, {})]),
    ("plain\n\n", [(SHORT, {})]),
    ("{{ messages[0].content }}", [([], {}), ([{"role": "user", "content": ""}], {})]),
]

# One feature each, so that missing features are detected. `c` is the first message's content.
PIECES = r"""
c.strip() + '|'
c.lstrip() + '|'
c.rstrip() + '|'
c.strip('? ')
c.upper()
c.lower()
c.title()
c.strip().capitalize()
c.strip().startswith('Who')
c.strip().startswith(('No', 'Who'))
c.endswith('? ')
c.find('in')
c.count('i')
c.split() | length
c.split(' ')
c.split(' ', 2)[-1]
c.rsplit(' ', 1)[0]
c.replace('i', 'j')
c.replace('i', 'j', 1)
c.splitlines()
c.strip().removeprefix('Who ')
c.isdigit()
c[1:4] + c[-3:] + c[::-1]
c[3]
'in' in c and 'zzz' not in c
messages[0].get('name', 'nobody')
messages[0].get('name')
messages[0].keys() | list
messages[0].values() | join(',')
messages[0].items() | list
messages[0]['role'] ~ messages[0].role
messages[-1].role
messages[1:] | length
messages | map(attribute='role') | join(', ')
messages | selectattr('role', 'equalto', 'user') | list | length
messages | selectattr('name', 'defined') | list
messages | rejectattr('role', '==', 'user') | list
(messages | first).role + (messages | last).role
', '.join(['a', 'b'])
'%s has %d' % ('Anna', 2)
'%s' | format(3)
'{} of {}'.format(1, 2)
'ab' * 3
[1] + [2]
missing | default('nothing')
'' | default('empty', true)
none | default('kept')
'anna lives' | title
'ANNA' | capitalize
'a b' | replace(' ', '_')
'xxaxx' | trim('x')
3 | string + '!'
'42' | int + 1
'x' | int
'2.5' | float
3.7 | round
3.7 | round | int
2.345 | round(2)
-3 | abs
[3, 1, 2] | sort
['b', 'a', 'b'] | unique | join(',')
[1, 2, 3] | sum
{'b': 1, 'a': 2} | dictsort
{'b': 1, 'a': 2} | items | list
[1, 2] | reverse | list
'one\ntwo' | indent(2)
'one\ntwo' | indent(2, true)
'<a> & "b"' | e
'<a>' | safe
'a,b' | list
[4, 5] | max
[1, 2, 3, 4, 5] | batch(2) | list
['a', 'b'] | select('equalto', 'a') | list
[1, 'a', none] | length
range(3) | list
range(5, 1, -2) | list
dict(a=1)
true
none
1.0
1e3
1e-7
100000000000000000000
7 // 2
7 / 2
-7 % 3
2 ** 5
1 == 1.0
1 < 2 < 3
not 0
'a' if '' else 'b'
'a' if ''
'' or 'or'
1 and 2
[1, 'a', true, none, 2.0]
{'a': "b's", 'c': [1.5]}
('x', 1)
'é' ~ 1 ~ none ~ true
"it's" ~ 'tab\tend' ~ '\u00e9'
messages[0]
c is string
messages is iterable
messages is sequence
messages[0] is mapping
3 is number and 3 is integer and not 3.0 is integer
3 is odd
3 is divisibleby 3
true is boolean
none is none
missing is undefined
missing is not defined
true is true
3 is eq(3)
c in [c]
c | length
c | wordcount
c | first
c | upper | lower
c | trim | truncate(9)
c | tojson
"""


def render(template, messages, parameters):
    nothing = tokenizers.Tokenizer(tokenizers.models.WordLevel({"x": 0}, unk_token="x"))
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=nothing)
    try:
        text = tokenizer.apply_chat_template(
            messages, chat_template=template, tokenize=False, **parameters
        )
        return {"output": text}
    except Exception as error:  # any error reaches the template's user
        return {"error": f"{type(error).__name__}: {error}"}


def write_templates(path):
    """Every template with all its inputs."""
    pieces = [
        ("{%- set c = messages[0].content %}{{ " + piece + " }}", [(SHORT, {})])
        for piece in PIECES.strip().splitlines()
    ]
    rows = [
        {"template": template, "messages": messages, "parameters": parameters,
         **render(template, messages, parameters)}
        for template, uses in TEMPLATES + pieces
        for messages, parameters in uses
    ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    assert str(datetime.date.today().year) not in lines.replace("26 Jul 2024", "")
    versions = {name: importlib.metadata.version(name) for name in ("transformers", "jinja2")}
    head = json.dumps({"versions": versions})
    path.write_text(f'{head[:-1]}, "cases": [\n{lines}\n]}}\n', encoding="utf-8")


FIXTURES = [Fixture("chat_templates.json", "", write=write_templates)]
