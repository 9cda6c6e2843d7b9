//! Chat templates render like in transformers.

use std::collections::BTreeMap;

use burn_zoo::pipeline::chat::{ChatError, ChatMessage, ChatTemplate, Turn};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::golden::{folder, json};

/// A chat rendered by transformers.
#[derive(Deserialize)]
struct Case {
    template: String,
    messages: Vec<minijinja::Value>,
    parameters: BTreeMap<String, minijinja::Value>,
    output: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[test]
fn chats_are_rendered_as_transformers_renders_them() {
    let golden: Golden = json(&folder().join("pipelines/chat_templates.json"));
    let mut wrong = Vec::new();
    for case in &golden.cases {
        let is_on = |name: &str| case.parameters.get(name).is_some_and(minijinja::Value::is_true);
        let turn = match () {
            () if is_on("add_generation_prompt") => Turn::Assistant,
            () if is_on("continue_final_message") => Turn::LastSpeaker,
            () => Turn::Nobody,
        };
        let others = case.parameters.iter().filter(|(name, _)| {
            !["add_generation_prompt", "continue_final_message"].contains(&name.as_str())
        });
        let rendered = ChatTemplate::new(&case.template).map_err(|e| e.to_string()).and_then(|t| {
            let template = others.fold(t, |t, (name, value)| t.with(name, value.clone()));
            template.render(&case.messages, turn).map_err(|error| error.to_string())
        });
        let is_right = match (&rendered, &case.output, &case.error) {
            (Ok(found), Some(expected), _) => found == expected,
            (Err(found), None, Some(expected)) => match expected.strip_prefix("TemplateError: ") {
                Some(raised) => found.ends_with(raised),
                None => true,
            },
            _ => false,
        };
        if !is_right {
            let expected = case.output.as_ref().or(case.error.as_ref());
            wrong.push(format!("{}\n  {rendered:?}\n  {expected:?}", case.template));
        }
    }
    assert!(golden.cases.len() > 100);
    // The known difference: the string formatting operator `%`, for which there is a filter.
    wrong.retain(|case| !case.contains("{{ '%s has %d' % ('Anna', 2) }}"));
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn render(source: &str, messages: &[Value]) -> String {
    ChatTemplate::new(source).unwrap().render(messages, Turn::Assistant).unwrap()
}

fn user(content: &str) -> Vec<Value> {
    vec![json!({ "role": "user", "content": content })]
}

#[test]
fn blocks_take_their_lines_with_them() {
    let source = "a\n  {% if true %}\n  b\n  {% endif %}\nc {{ 1 }}\n  {# x #}\nd\n";
    assert_eq!(render(source, &user("a")), "a\n  b\nc 1\nd");
}

#[test]
fn values_print_as_python_prints_them() {
    for (source, expected) in [
        ("{{ true }} {{ none }} {{ 1.0 }} {{ 2 }} {{ missing }}", "True None 1.0 2 "),
        ("{{ 'a' ~ true ~ 3 }}", "aTrue3"),
        ("{{ messages[0].content }}", "<b> & 'c' \"d\""),
        ("{{ messages[0].content | tojson }}", "\"<b> & 'c' \\\"d\\\"\""),
        (
            "{{ {'b': 1, 'a': [1.5, none, true, 'é\\n']} | tojson }}",
            "{\"b\": 1, \"a\": [1.5, null, true, \"é\\n\"]}",
        ),
        (
            "{{ {'b': {}, 'a': [1, []]} | tojson(indent=2) }}",
            "{\n  \"b\": {},\n  \"a\": [\n    1,\n    []\n  ]\n}",
        ),
        (
            "{{ {'b': 'é🦊', 'a': 2} | tojson(ensure_ascii=true, sort_keys=true) }}",
            "{\"a\": 2, \"b\": \"\\u00e9\\ud83e\\udd8a\"}",
        ),
        ("{{ [1, 2] | tojson(separators=(',', ':')) }}", "[1,2]"),
        ("{{ [1e16, 1e-7, 0.1, 100.0] | tojson }}", "[1e+16, 1e-07, 0.1, 100.0]"),
    ] {
        assert_eq!(render(source, &user("<b> & 'c' \"d\"")), expected, "{source}");
    }
}

#[test]
fn what_templates_use_of_python_is_there() {
    for (source, expected) in [
        ("{{ ' a '.strip() + 'x,y'.split(',')[1] + 'b'.upper() }}", "ayB"),
        (
            "{% set n = namespace(x=0) %}{% for i in range(9) %}{% if i == 5 %}{% break %}{% endif %}{% if i is odd %}{% continue %}{% endif %}{% set n.x = n.x + i %}{% endfor %}{{ n.x }}",
            "6",
        ),
        ("{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{% endfor %}", "a1"),
        ("{% macro f(x, y=2) %}{{ x }}-{{ y }}{% endmacro %}{{ f(1) }}", "1-2"),
        ("{{ messages[::-1][0]['role'] }}{{ messages | length }}", "user1"),
        ("{{ messages[0].get('name', 'nobody') }}", "nobody"),
        (
            "{{ 'user' if messages[0]['role'] == 'user' and 'x' not in messages[0].content else 1 }}",
            "user",
        ),
        (
            "{% generation %}A{% endgeneration %}\n{%- generation -%} B {%- endgeneration -%} C",
            "ABC",
        ),
        ("{{ strftime_now('%Y') | length }}", "4"),
        (
            "{{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | join }}",
            "hi",
        ),
        ("{{ ' a b  c '.rsplit() }}{{ 'a-b-c'.rsplit('-', 1) }}", "['a', 'b', 'c']['a-b', 'c']"),
        ("{{ ' a b c '.rsplit(none, 1) }}{{ 'abc'.removesuffix('c') }}", "[' a b', 'c']ab"),
        ("{{ '7.9' | int }}{{ 'x' | int(5) }}{{ 'x' | float }}{{ -1.5 | int }}", "750.0-1"),
        (
            "{{ 'one two three' | truncate(length=9, leeway=0) }}{{ 'x' | int(default=3) }}",
            "one...3",
        ),
        ("{{ add_generation_prompt }}{{ tools is none }}{{ tools is defined }}", "TrueTrueTrue"),
    ] {
        assert_eq!(render(source, &user("hi")), expected, "{source}");
    }
}

#[test]
fn what_a_template_raises_is_said() {
    let template = ChatTemplate::new("{{ raise_exception('no ' ~ messages[0].role) }}").unwrap();
    let chat = [ChatMessage::new("user", "a")];
    let refused = template.render(&chat, Turn::Nobody).unwrap_err();
    assert_eq!(refused, ChatError::Refused("no user".into()));
    for source in ["{{ messages | tojson(indent='x') }}", "{{ a.b.c }}", "{{ strftime_now('%Q') }}"]
    {
        let failed = ChatTemplate::new(source).unwrap().render(&chat, Turn::Nobody);
        assert!(matches!(failed, Err(ChatError::Failed(_))), "{source}: {failed:?}");
    }
    assert!(ChatTemplate::new("{% for %}").is_err());
    assert!(ChatTemplate::new("{% generation %}").is_err());
}

#[test]
fn a_directory_says_how_it_chats() {
    let at = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(at.path().join(name), text).unwrap();
    let load = || ChatTemplate::load(at.path());
    assert!(load().unwrap().is_none());
    let chat = [ChatMessage::new("user", "a")];
    let text = || load().unwrap().unwrap().render(&chat, Turn::Nobody).unwrap();

    write("special_tokens_map.json", r#"{ "eos_token": { "content": "</s>" } }"#);
    write(
        "tokenizer_config.json",
        r#"{ "bos_token": "<s>", "pad_token": null, "chat_template": "{{ bos_token + eos_token }}" }"#,
    );
    assert_eq!(text(), "<s></s>");
    let named = json!([{ "name": "rag", "template": "r" }, { "name": "default", "template": "d" }]);
    write("tokenizer_config.json", &json!({ "chat_template": named }).to_string());
    assert_eq!(text(), "d");
    write("tokenizer_config.json", &json!({ "chat_template": [named[0]] }).to_string());
    let error = load().unwrap_err().to_string();
    assert!(error.contains("no \"default\", only [\"rag\"]"), "{error}");
    write("chat_template.jinja", "{{ messages[0].content }}{{ add_generation_prompt }}");
    assert_eq!(text(), "aFalse");
    write("chat_template.jinja", "{% endfor %}");
    assert!(load().unwrap_err().to_string().contains("chat_template.jinja"));
}
