//! Chats as clients send them, and the settings passed to the template.

use burn_zoo::pipeline::Processor;
use burn_zoo::pipeline::chat::ChatTemplate;
use burn_zoo::serve::Server;
use serde_json::{Value, json};

use super::{Lab, NAME, alone, model, processor, server, settings, tokenizer, with};

fn user() -> Value {
    json!({ "role": "user", "content": "Hi" })
}

fn request(messages: Value) -> Value {
    json!({ "model": NAME, "messages": messages, "max_tokens": 8, "temperature": 0 })
}

/// The response to a chat, which must equal that to a prompt.
fn assert_continues(lab: &Lab, body: &Value, prompt: &str) {
    let answer = lab.post("/v1/chat/completions", body);
    assert_eq!(answer.status, 200, "{}", answer.json);
    let found = &answer.json["choices"][0]["message"]["content"];
    assert_eq!(*found, alone(prompt, 8), "{body}");
}

fn with_template(source: &str) -> Lab {
    let chat = Some(ChatTemplate::new(source).unwrap());
    let processor = Processor { chat, ..processor() };
    Lab::start(Server::of_texts(model(&tokenizer()), processor, settings()).unwrap())
}

#[test]
fn options_that_are_off_change_nothing() {
    let lab = Lab::start(server(settings()));
    let tool = json!({ "type": "function", "function": { "name": "f" } });
    for more in [
        json!({ "logprobs": false, "top_logprobs": 0 }),
        json!({ "logprobs": null, "top_logprobs": null }),
        json!({ "top_logprobs": 0 }),
        json!({ "tools": [tool], "tool_choice": "none" }),
        json!({ "tools": [], "tool_choice": "auto", "parallel_tool_calls": true }),
        json!({ "functions": [{ "name": "f" }], "function_call": "none" }),
        json!({ "chat_template_kwargs": {}, "add_generation_prompt": true }),
        json!({ "chat_template_kwargs": null, "response_format": { "type": "text" } }),
        json!({ "echo": false, "reasoning_effort": null, "store": false, "stream_options": null }),
    ] {
        assert_continues(&lab, &with(request(json!([user()])), more), "<user>Hi\n<assistant>");
    }
}

#[test]
fn past_messages_are_read_as_they_were_written() {
    let lab = Lab::start(server(settings()));
    for (past, said) in [
        (json!({ "content": "No.", "refusal": null, "annotations": [], "audio": null }), "No."),
        (json!({ "content": null, "refusal": "No.", "tool_calls": null }), "No."),
        (json!({ "content": "", "refusal": "No.", "function_call": null }), "No."),
        (json!({ "content": [{ "type": "refusal", "refusal": "No." }] }), "No."),
        (json!({ "content": null, "refusal": null, "tool_calls": [] }), ""),
        (json!({ "content": "", "reasoning_content": "Hm." }), ""),
        (json!({ "content": null, "reasoning": "Hm." }), ""),
    ] {
        let past = with(json!({ "role": "assistant" }), past);
        let prompt = format!("<user>Hi\n<assistant>{said}\n<user>Hi\n<assistant>");
        assert_continues(&lab, &request(json!([user(), past, user()])), &prompt);
    }
}

#[test]
fn the_template_sees_calls_without_arguments_and_reasoning() {
    let lab = with_template(
        "{% for m in messages %}{% for c in m.tool_calls or [] %}{{ c.function.name }}\
         {{ c.function.arguments | tojson }}{% endfor %}{{ m.thinking or '' }}\
         {{ 'x' if m.content is defined else 'y' }}{% endfor %}",
    );
    for arguments in [json!(""), json!("  "), json!("{}"), json!({}), Value::Null] {
        let function = json!({ "name": "f", "arguments": arguments });
        let call = json!({ "id": "c", "type": "function", "function": function });
        let said = json!({ "role": "assistant", "content": null, "tool_calls": [call] });
        let told = json!({ "role": "tool", "tool_call_id": "c", "content": "42" });
        assert_continues(&lab, &request(json!([user(), said, told])), "xf{}yx");
    }
    for name in ["reasoning", "reasoning_content", "thinking"] {
        let said = json!({ "role": "assistant", "content": "a", name: "Hm" });
        assert_continues(&lab, &request(json!([said])), "Hmx");
    }
}

#[test]
fn variables_reach_the_template_and_stay_with_their_request() {
    let lab = with_template(
        "{{ enable_thinking is defined and not enable_thinking }}{{ size or 0 }}\
         {{ (list or [none])[0] }}{{ 'end' if add_generation_prompt }}",
    );
    let kwargs = json!({ "enable_thinking": false, "size": 1.5, "list": ["a"] });
    let chat = request(json!([user()]));
    let set = with(chat.clone(), json!({ "chat_template_kwargs": kwargs }));
    assert_continues(&lab, &set, "True1.5aend");
    assert_continues(&lab, &chat, "False0Noneend");
    let nobody = with(chat, json!({ "add_generation_prompt": false }));
    assert_continues(&lab, &nobody, "False0None");
}

#[test]
fn a_message_can_go_on() {
    let lab = Lab::start(server(settings()));
    let said = json!({ "role": "assistant", "content": "the c" });
    let body = request(json!([user(), said]));
    let goes_on = with(body, json!({ "continue_final_message": true }));
    assert_continues(&lab, &goes_on, "<user>Hi\n<assistant>the c");
}
