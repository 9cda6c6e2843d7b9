//! Invalid requests get an error that names the cause.

use burn_zoo::pipeline::Processor;
use burn_zoo::pipeline::chat::ChatTemplate;
use burn_zoo::serve::{Server, ServerSettings};
use serde_json::{Value, json};

use super::{Answer, Lab, agent, greedy, model, processor, server, settings, tokenizer, with};

/// Checks an error's shape: status, field, code, and a part of its message.
fn assert_error(answer: &Answer, expected: (u16, Value, Value), part: &str) {
    let (status, param, code) = expected;
    let error = &answer.json["error"];
    assert_eq!(answer.status, status, "{}", answer.json);
    assert_eq!((&error["param"], &error["code"]), (&param, &code), "{}", answer.json);
    let kind = if status < 500 { "invalid_request_error" } else { "server_error" };
    assert_eq!(error["type"], kind, "{}", answer.json);
    assert_eq!(error.as_object().unwrap().len(), 4);
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(part), "{part:?} is not in {message:?}");
    assert_eq!(answer.headers["content-type"], "application/json");
}

#[test]
fn a_wrong_field_is_named() {
    let lab = Lab::start(server(ServerSettings { max_new_tokens: 100, ..settings() }));
    let cases = [
        (json!({ "model": null }), "model", "model is missing"),
        (json!({ "model": 3 }), "model", "must be a string, but it is an integer"),
        (json!({ "prompt": null }), "prompt", "prompt is missing"),
        (json!({ "prompt": "" }), "prompt", "prompt has no tokens"),
        (json!({ "prompt": [] }), "prompt", "empty list"),
        (json!({ "prompt": [[]] }), "prompt", "no tokens"),
        (json!({ "prompt": ["a", 1] }), "prompt", "a list of strings"),
        (json!({ "prompt": [1.5] }), "prompt", "a list of token ids"),
        (json!({ "prompt": {} }), "prompt", "but it is an object"),
        (json!({ "prompt": [99_999] }), "prompt", "token id 99999 is out of range"),
        (json!({ "prompt": [1e300] }), "prompt", "a list of token ids"),
        (json!({ "prompt": [u64::MAX] }), "prompt", "out of range"),
        (json!({ "max_tokens": 0 }), "max_tokens", "at least 1"),
        (json!({ "max_tokens": -1 }), "max_tokens", "at least 1"),
        (json!({ "max_tokens": 1.5 }), "max_tokens", "a number with a fraction"),
        (json!({ "max_tokens": "9" }), "max_tokens", "must be an integer, but it is a string"),
        (json!({ "max_tokens": 101 }), "max_tokens", "at most 100"),
        (json!({ "temperature": -0.1 }), "temperature", "between 0 and 2"),
        (json!({ "temperature": 2.1 }), "temperature", "between 0 and 2"),
        (json!({ "temperature": "hot" }), "temperature", "must be a number"),
        (json!({ "top_p": 1.01 }), "top_p", "between 0 and 1"),
        (json!({ "top_k": -2 }), "top_k", "at least -1"),
        (json!({ "min_p": 2 }), "min_p", "between 0 and 1"),
        (json!({ "n": 0 }), "n", "between 1 and 128"),
        (json!({ "n": 129 }), "n", "between 1 and 128"),
        (json!({ "prompt": vec!["a"; 145] }), "prompt", "145 texts are requested, but at most 144"),
        (json!({ "stop": 3 }), "stop", "a string or a list of strings"),
        (json!({ "stop": ["a", null] }), "stop", "but it is null"),
        (json!({ "stop": "" }), "stop", "an empty string"),
        (json!({ "stop": vec!["a"; 33] }), "stop", "33 strings, but only 32 are allowed"),
        (json!({ "stop": "x".repeat(1001) }), "stop", "more than 1000 bytes"),
        (json!({ "seed": 0.5 }), "seed", "must be an integer"),
        (json!({ "seed": 1e30 }), "seed", "must be an integer"),
        (json!({ "presence_penalty": 3 }), "presence_penalty", "between -2 and 2"),
        (json!({ "frequency_penalty": [] }), "frequency_penalty", "but it is a list"),
        (json!({ "repetition_penalty": 0 }), "repetition_penalty", "between 0.01 and 100"),
        (json!({ "echo": "yes" }), "echo", "true or false"),
        (json!({ "user": 1 }), "user", "must be a string"),
        (json!({ "stream": 1 }), "stream", "true or false"),
        (
            json!({ "stream_options": { "include_usage": true } }),
            "stream_options",
            "\"stream\": true",
        ),
        (json!({ "max_tokens": -1, "echo": true }), "max_tokens", "at least 0"),
        (json!({ "min_tokens": 3 }), "min_tokens", "at most 2 tokens are generated"),
        (json!({ "min_tokens": -1 }), "min_tokens", "at least 0"),
        (json!({ "logprobs": 21 }), "logprobs", "between 0 and 20"),
        (json!({ "logprobs": -1 }), "logprobs", "between 0 and 20"),
        (json!({ "logprobs": true }), "logprobs", "must be an integer, but it is a boolean"),
        (json!({ "logprobs": 1.5 }), "logprobs", "must be an integer"),
        (
            json!({ "stream": true, "stream_options": { "include_usage": 1 } }),
            "stream_options.include_usage",
            "true or false",
        ),
    ];
    for (fields, param, part) in cases {
        let answer = lab.post("/v1/completions", &with(greedy("a", 2), fields));
        assert_error(&answer, (400, json!(param), Value::Null), part);
    }
    for (name, value) in [
        ("top_logprobs", json!(2)),
        ("prompt_logprobs", json!(1)),
        ("add_special_tokens", json!(false)),
        ("skip_special_tokens", json!(false)),
        ("ignore_eos", json!(true)),
        ("num_beams", json!(10)),
        ("logit_bias", json!({ "5": -100 })),
        ("best_of", json!(2)),
        ("suffix", json!(".")),
    ] {
        let answer = lab.post("/v1/completions", &with(greedy("a", 2), json!({ name: value })));
        assert_error(&answer, (400, json!(name), json!("unsupported_value")), "not supported");
    }
    // An unknown field may be a misspelled one.
    for (field, name) in [
        (json!({ "temprature": 0 }), "temprature"),
        (json!({ "max_new_tokens": 3 }), "max_new_tokens"),
        (json!({ "stream": true, "stream_options": { "usage": true } }), "stream_options.usage"),
    ] {
        let answer = lab.post("/v1/completions", &with(greedy("a", 2), field));
        assert_error(&answer, (400, json!(name), json!("unknown_parameter")), "omit it");
    }
    // Fields that request nothing, or the default behavior, are ignored.
    for nothing in [
        json!({
            "logprobs": null, "logit_bias": {}, "best_of": 1, "suffix": "", "stop": null,
            "unknown": [], "temperature": null, "user": "me", "top_logprobs": 0, "echo": false,
            "stream_options": {}, "ignore_eos": false,
        }),
        json!({
            "logprobs": false, "min_tokens": 0, "skip_special_tokens": true, "num_beams": 1.0,
            "length_penalty": 1, "metadata": { "a": "b" }, "store": true, "service_tier": "auto",
            "stop": [], "stop_token_ids": [], "prompt_logprobs": null, "priority": 3,
            "stream_options": { "include_usage": false },
        }),
    ] {
        let answer = lab.post("/v1/completions", &with(greedy("a", 2), nothing));
        assert_eq!(answer.status, 200, "{}", answer.json);
    }
}

#[test]
fn what_does_not_fit_is_too_long() {
    let short = ServerSettings { max_prompt_tokens: Some(60), ..settings() };
    let lab = Lab::start(server(short));
    let code = json!("context_length_exceeded");
    let long = lab.post("/v1/completions", &greedy(&"z".repeat(61), 2));
    assert_error(&long, (400, json!("prompt"), code.clone()), "61 tokens, but at most 60");
    let much = lab.post("/v1/completions", &greedy(&"z".repeat(60), 69));
    assert_error(&much, (400, json!("max_tokens"), code.clone()), "leaves 68");
    assert_eq!(lab.post("/v1/completions", &greedy(&"z".repeat(60), 68)).status, 200);

    let lab = Lab::start(server(settings()));
    let full = lab.post("/v1/completions", &greedy(&"z".repeat(128), 1));
    assert_error(&full, (400, json!("prompt"), code), "leaves no room");
}

#[test]
fn a_wrong_message_is_named() {
    let lab = Lab::start(server(settings()));
    let ask = |more: Value| {
        let message = json!([{ "role": "user", "content": "a" }]);
        let body = json!({ "model": "tiny", "messages": message, "max_tokens": 2 });
        lab.post("/v1/chat/completions", &with(body, more))
    };
    assert_eq!(ask(json!({})).status, 200);
    let call = |arguments: &str| {
        let function = json!({ "name": "f", "arguments": arguments });
        json!([{ "role": "user", "content": "a" },
               { "role": "assistant", "content": "", "tool_calls": [{ "id": "1", "function": function }] }])
    };
    assert_eq!(ask(json!({ "messages": call("{\"b\": 1}") })).status, 200);
    let cases = [
        (json!(null), "messages", "messages is missing"),
        (json!("a"), "messages", "a list of messages"),
        (json!([]), "messages", "empty list"),
        (json!(["a"]), "messages[0]", "must be an object, but it is a string"),
        (json!([{ "content": "a" }]), "messages[0].role", "is missing"),
        (json!([{ "role": 1, "content": "a" }]), "messages[0].role", "must be a string"),
        (json!([{ "role": "bard", "content": "a" }]), "messages[0].role", "roles are system"),
        (json!([{ "role": "user" }]), "messages[0].content", "is missing"),
        (json!([{ "role": "user", "content": 1 }]), "messages[0].content", "a list of parts"),
        (json!([{ "role": "user", "content": "a", "name": 1 }]), "messages[0].name", "a string"),
        (
            json!([{ "role": "user", "content": null, "refusal": "no" }]),
            "messages[0].refusal",
            "of the assistant",
        ),
        (
            json!([{ "role": "user", "content": "a", "thinking": "b" }]),
            "messages[0].thinking",
            "of the assistant",
        ),
        (
            json!([{ "role": "user", "content": [{ "type": "text" }] }]),
            "messages[0].content[0].text",
            "is missing",
        ),
        (
            json!([{ "role": "user", "content": "a", "tool_calls": [{}] }]),
            "messages[0].tool_calls",
            "of the assistant",
        ),
        (call("{"), "messages[1].tool_calls[0].function.arguments", "not valid JSON"),
        (
            json!([{ "role": "assistant", "content": "a" }]),
            "messages",
            "rejects these messages: the assistant must not begin",
        ),
    ];
    for (messages, param, part) in cases {
        let answer = ask(json!({ "messages": messages }));
        assert_error(&answer, (400, json!(param), Value::Null), part);
    }
    let image = json!([{ "role": "user", "content": [{ "type": "image_url", "image_url": {} }] }]);
    let unsupported = json!("unsupported_value");
    let answer = ask(json!({ "messages": image }));
    let param = json!("messages[0].content[0].type");
    assert_error(&answer, (400, param, unsupported.clone()), "only parts of type \"text\"");
    let tools = json!([{ "type": "function" }]);
    for (name, fields) in [
        ("tools", json!({ "tools": tools })),
        ("tools", json!({ "tools": tools, "tool_choice": "auto" })),
        ("tool_choice", json!({ "tools": tools, "tool_choice": "required" })),
        ("tool_choice", json!({ "tool_choice": { "type": "function" } })),
        ("functions", json!({ "functions": [{}] })),
        ("function_call", json!({ "function_call": { "name": "f" } })),
        ("audio", json!({ "audio": { "voice": "x" } })),
        ("reasoning_effort", json!({ "reasoning_effort": "low" })),
        ("chat_template", json!({ "chat_template": "x" })),
    ] {
        let answer = ask(fields);
        assert_error(&answer, (400, json!(name), unsupported.clone()), "not supported");
    }
    for (fields, name, part) in [
        (json!({ "logprobs": 1 }), "logprobs", "true or false"),
        (json!({ "logprobs": true, "top_logprobs": 21 }), "top_logprobs", "between 0 and 20"),
        (json!({ "top_logprobs": 3 }), "top_logprobs", "\"logprobs\": true"),
        (json!({ "logprobs": false, "top_logprobs": 3 }), "top_logprobs", "\"logprobs\": true"),
        (json!({ "max_tokens": 0 }), "max_tokens", "at least 1"),
        (json!({ "tools": "f" }), "tools", "must be a list"),
        (json!({ "chat_template_kwargs": [1] }), "chat_template_kwargs", "must be an object"),
        (
            json!({ "continue_final_message": true, "add_generation_prompt": true }),
            "continue_final_message",
            "cannot both be true",
        ),
    ] {
        assert_error(&ask(fields), (400, json!(name), Value::Null), part);
    }
    for name in ["messages", "tokenize", "add_generation_prompt"] {
        let answer = ask(json!({ "chat_template_kwargs": { name: true } }));
        let param = json!(format!("chat_template_kwargs.{name}"));
        assert_error(&answer, (400, param, unsupported.clone()), "cannot be set");
    }
    let answer = ask(json!({ "messages": [{ "role": "user", "content": "a", "contents": "b" }] }));
    let unknown = json!("unknown_parameter");
    assert_error(&answer, (400, json!("messages[0].contents"), unknown), "omit it");
    let answer = ask(json!({ "response_format": { "type": "json_object" } }));
    assert_error(&answer, (400, json!("response_format.type"), unsupported.clone()), "\"text\"");
    let answer = ask(json!({ "modalities": ["audio"] }));
    assert_error(&answer, (400, json!("modalities"), unsupported), "[\"text\"]");
    assert_eq!(ask(json!({ "response_format": { "type": "text" }, "tools": [] })).status, 200);

    // A template that does not terminate is stopped.
    let loops = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}";
    for (template, part) in [(Some(loops), "ran out of fuel"), (None, "no chat template")] {
        let chat = template.map(|source| ChatTemplate::new(source).unwrap());
        let processor = Processor { chat, ..processor() };
        let server = Server::of_texts(model(&tokenizer()), processor, settings()).unwrap();
        let message = json!([{ "role": "user", "content": "a" }]);
        let body = json!({ "model": "tiny", "messages": message });
        let answer = Lab::start(server).post("/v1/chat/completions", &body);
        let param = if template.is_some() { json!("messages") } else { Value::Null };
        assert_error(&answer, (400, param, Value::Null), part);
    }
}

#[test]
fn other_models_places_and_methods_are_not_there() {
    let lab = Lab::start(server(settings()));
    let model = (404, json!("model"), json!("model_not_found"));
    let body = with(greedy("a", 2), json!({ "model": "gpt-4" }));
    assert_error(&lab.post("/v1/completions", &body), model.clone(), "\"gpt-4\"");
    assert_error(&lab.get("/v1/models/gpt-4"), model.clone(), "\"tiny\"");
    assert_error(&lab.get("/v1/models/a/b%20c"), model, "\"a/b c\"");
    let utf8 = lab.get("/v1/models/%ff");
    assert_error(&utf8, (400, Value::Null, Value::Null), "UTF-8");
    for path in ["/", "/v1", "/v1/", "/v1/complete", "/v1/completions/"] {
        let answer = lab.get(path);
        assert_error(&answer, (404, Value::Null, json!("unknown_url")), &format!("GET {path}"));
    }
    let method = (405, Value::Null, json!("method_not_allowed"));
    let answer = lab.get("/v1/completions");
    assert_eq!(answer.headers["allow"], "POST");
    assert_error(&answer, method.clone(), "does not support GET");
    assert_error(&lab.post("/health", &json!({})), method, "does not support POST");
    // The other kind of model.
    let body = json!({ "model": "tiny", "input": "a" });
    let answer = lab.post("/v1/embeddings", &body);
    assert_error(&answer, (400, Value::Null, Value::Null), "does not compute embeddings");
}

#[test]
fn a_body_that_is_no_json_is_refused() {
    let lab = Lab::start(server(ServerSettings { max_body_bytes: 2000, ..settings() }));
    let none = (400, Value::Null, Value::Null);
    let deep = format!("{}{}", "[".repeat(900), "]".repeat(900));
    for (body, part) in [
        ("", "not valid JSON: EOF"),
        ("{\"model\":", "not valid JSON"),
        ("{} x", "trailing characters"),
        ("[]", "must be a JSON object, but it is a list"),
        ("{\"a\": 1e999}", "number out of range"),
        (deep.as_str(), "recursion limit"),
        ("{\"a\": \"\\ud800\"}", "not valid JSON"),
    ] {
        assert_error(&lab.post_text("/v1/completions", body), none.clone(), part);
    }
    let long = lab.post("/v1/completions", &greedy(&"a".repeat(2000), 2));
    assert_error(&long, (413, Value::Null, json!("request_too_large")), "2000 bytes");

    for kind in ["text/plain", "application/jsonx", "multipart/form-data"] {
        let request = agent().post(lab.url("/v1/completions")).header("content-type", kind);
        let answer = super::answer(request.send("{}").unwrap());
        assert_error(&answer, (415, Value::Null, Value::Null), "Content-Type: application/json");
    }
    let request = agent().post(lab.url("/v1/completions"));
    let request = request.header("content-type", "Application/JSON; charset=utf-8");
    assert_eq!(request.send(greedy("a", 2).to_string()).unwrap().status(), 200);
}

#[test]
fn a_key_is_asked_for() {
    let lab = Lab::start(server(ServerSettings { api_key: Some("s3cret".into()), ..settings() }));
    let ask = |header: Option<&str>| {
        let request = agent().get(lab.url("/v1/models"));
        let request = header.into_iter().fold(request, |r, key| r.header("authorization", key));
        super::answer(request.call().unwrap())
    };
    for good in ["Bearer s3cret", "bearer s3cret"] {
        assert_eq!(ask(Some(good)).status, 200, "{good}");
    }
    for bad in [None, Some("Bearer s3cre"), Some("Bearer s3creT"), Some("s3cret"), Some("Basic x")]
    {
        let answer = ask(bad);
        assert_error(&answer, (401, Value::Null, json!("invalid_api_key")), "Bearer <key>");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
    assert_eq!(lab.post("/v1/completions", &greedy("a", 2)).status, 401);
    assert_eq!(lab.get("/nowhere").status, 401);
    assert_eq!(lab.get("/health").status, 200);
}
