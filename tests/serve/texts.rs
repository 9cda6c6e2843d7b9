//! The server generates the same text as the model.

use burn_zoo::models::generate::{GenerationConfig, Limit};
use burn_zoo::pipeline::Processor;
use burn_zoo::serve::Server;
use serde_json::{Value, json};

use super::{
    Lab, NAME, alone, greedy, ids_alone, joined, model, processor, server, settings, tokenizer,
    with,
};

#[test]
fn a_completion_is_the_models_own_text() {
    let lab = Lab::start(server(settings()));
    for prompt in ["the cat", "a", "Ünïcödé 🦊 \n\t\"x\"", "{\"json\": [1, 2]}"] {
        let expected = alone(prompt, 24);
        let answer = lab.complete(&greedy(prompt, 24));
        assert_eq!(answer["object"], "text_completion");
        assert_eq!(answer["model"], NAME);
        assert!(answer["id"].as_str().unwrap().starts_with("cmpl-"));
        assert!(answer["created"].as_u64().unwrap() > 1_700_000_000);
        let choice = json!({
            "index": 0, "text": expected, "finish_reason": "length", "logprobs": null,
        });
        assert_eq!(answer["choices"], json!([choice]));
        let read = tokenizer().encode(prompt).unwrap().len();
        let usage =
            json!({ "prompt_tokens": read, "completion_tokens": 24, "total_tokens": read + 24 });
        assert_eq!(answer["usage"], usage);

        let events =
            lab.events("/v1/completions", &with(greedy(prompt, 24), json!({ "stream": true })));
        assert_eq!(joined(&events, 0), (expected.clone(), "length".to_string()));

        // The same prompt as token ids.
        let ids = tokenizer().encode(prompt).unwrap();
        let by_ids = with(greedy("", 24), json!({ "prompt": ids, "echo": true }));
        assert_eq!(lab.complete(&by_ids)["choices"][0]["text"], format!("{prompt}{expected}"));
    }
}

#[test]
fn several_prompts_and_choices_come_in_order() {
    let lab = Lab::start(server(settings()));
    let prompts = ["the cat", "and", "a dog sat"];
    let body = with(greedy("", 12), json!({ "prompt": prompts, "n": 2, "echo": true }));
    let answer = lab.complete(&body);
    let choices = answer["choices"].as_array().unwrap();
    assert_eq!(choices.len(), 6);
    for (index, choice) in choices.iter().enumerate() {
        let prompt = prompts[index / 2];
        assert_eq!(choice["index"], index);
        assert_eq!(choice["text"], format!("{prompt}{}", alone(prompt, 12)));
    }
    let read: usize = prompts.iter().map(|p| tokenizer().encode(p).unwrap().len()).sum();
    assert_eq!(answer["usage"]["prompt_tokens"], read);
    assert_eq!(answer["usage"]["completion_tokens"], 72);

    let events = lab.events("/v1/completions", &with(body, json!({ "stream": true })));
    for index in 0..6 {
        let prompt = prompts[index / 2];
        let expected = format!("{prompt}{}", alone(prompt, 12));
        assert_eq!(joined(&events, index as u64).0, expected);
    }
    let ids: Vec<Vec<u32>> = prompts.iter().map(|p| tokenizer().encode(p).unwrap()).collect();
    let answer = lab.complete(&with(greedy("", 12), json!({ "prompt": ids })));
    assert_eq!(answer["choices"][2]["text"], alone(prompts[2], 12));
}

#[test]
fn a_seed_repeats_and_its_choices_differ() {
    let lab = Lab::start(server(settings()));
    let body = json!({ "model": NAME, "prompt": "the", "max_tokens": 16, "n": 3, "seed": -7 });
    let texts = |body: &Value| -> Vec<String> {
        let choices = lab.complete(body)["choices"].as_array().unwrap().clone();
        choices.iter().map(|choice| choice["text"].as_str().unwrap().to_string()).collect()
    };
    let first = texts(&body);
    assert_eq!(first, texts(&body));
    assert!(first[0] != first[1] && first[1] != first[2]);
    assert_ne!(first, texts(&with(body.clone(), json!({ "seed": 8 }))));
    // Without a seed each request samples anew.
    let free = with(body.clone(), json!({ "seed": null }));
    assert_ne!(texts(&free), texts(&free));
    // Settings that leave one candidate make generation greedy.
    for one in [json!({ "top_k": 1 }), json!({ "top_p": 0 }), json!({ "min_p": 1 })] {
        assert_eq!(texts(&with(free.clone(), one))[0], alone("the", 16));
    }
    for field in ["presence_penalty", "frequency_penalty"] {
        let body = with(greedy("the the the", 40), json!({ field: 2.0 }));
        assert_ne!(texts(&body)[0], alone("the the the", 40), "{field}");
    }
    let body = with(greedy("the the the", 40), json!({ "repetition_penalty": 5.0 }));
    assert_ne!(texts(&body)[0], alone("the the the", 40));
}

#[test]
fn a_stop_string_ends_a_text_wherever_the_tokens_cut_it() {
    let lab = Lab::start(server(settings()));
    let prompt = "a dog and a fox";
    let whole = alone(prompt, 60);
    let ends: Vec<usize> = whole.char_indices().map(|(at, _)| at).skip(2).collect();
    let mut checked = 0;
    for length in [1, 2, 3, 7] {
        for start in ends.iter().step_by(5) {
            let Some(stop) = whole.get(*start..) else { continue };
            let stop: String = stop.chars().take(length).collect();
            // An incomplete character of the byte-level decoder is not a stop string.
            if stop.chars().count() < length || stop.contains('\u{fffd}') {
                continue;
            }
            let at = whole.find(&stop).unwrap();
            let body = with(greedy(prompt, 60), json!({ "stop": [stop, "never written"] }));
            let answer = lab.complete(&body);
            assert_eq!(answer["choices"][0]["text"], whole[..at], "{stop:?}");
            assert_eq!(answer["choices"][0]["finish_reason"], "stop");
            assert!(answer["usage"]["completion_tokens"].as_u64().unwrap() <= 60);
            let events = lab.events("/v1/completions", &with(body, json!({ "stream": true })));
            assert_eq!(joined(&events, 0), (whole[..at].to_string(), "stop".to_string()));
            checked += 1;
        }
    }
    assert!(checked > 10, "{checked} of {whole:?}");
}

#[test]
fn a_chat_is_the_template_and_then_the_models_text() {
    let lab = Lab::start(server(settings()));
    let prompt = "<system>Be kind.\n<user>Hi\nthere\n<assistant>Ho\n<user>Well?\n<assistant>";
    let body = json!({
        "model": NAME, "temperature": 0, "max_completion_tokens": 20,
        "messages": [
            { "role": "developer", "content": "Be kind. " },
            { "role": "user", "name": "Ann", "content": [
                { "type": "text", "text": "Hi" }, { "type": "text", "text": "there" },
            ] },
            { "role": "assistant", "content": "Ho", "annotations": [1] },
            { "role": "user", "content": "Well?" },
        ],
    });
    let expected = alone(prompt, 20);
    let answer = lab.post("/v1/chat/completions", &body).json;
    assert_eq!(answer["object"], "chat.completion", "{answer}");
    let message = json!({ "role": "assistant", "content": expected, "refusal": null });
    assert_eq!(answer["choices"][0]["message"], message);
    assert_eq!(answer["choices"][0]["finish_reason"], "length");
    assert_eq!(answer["usage"]["prompt_tokens"], tokenizer().encode(prompt).unwrap().len());

    let options = json!({ "stream": true, "stream_options": { "include_usage": true } });
    let events = lab.events("/v1/chat/completions", &with(body.clone(), options));
    let parsed: Vec<Value> = events[..events.len() - 1]
        .iter()
        .map(|event| serde_json::from_str(event).unwrap())
        .collect();
    let opening = json!({ "role": "assistant", "content": "" });
    assert_eq!(parsed[0]["choices"][0]["delta"], opening);
    assert!(parsed.iter().all(|event| event["object"] == "chat.completion.chunk"));
    assert!(parsed.iter().all(|event| event["id"] == parsed[0]["id"]));
    let (last, rest) = parsed.split_last().unwrap();
    assert_eq!((&last["choices"], &last["usage"]), (&json!([]), &answer["usage"]));
    assert!(rest.iter().all(|event| event["usage"].is_null()));
    let texts: Vec<String> = rest.iter().map(Value::to_string).chain(["[DONE]".into()]).collect();
    assert_eq!(joined(&texts, 0), (expected, "length".to_string()));

    // Without a limit, generation ends with the context.
    let open = with(body, json!({ "max_completion_tokens": null, "max_tokens": null }));
    let usage = &lab.post("/v1/chat/completions", &open).json["usage"];
    assert_eq!(usage["total_tokens"], super::CONTEXT);
}

#[test]
fn the_model_introduces_itself() {
    let lab = Lab::start(server(settings()));
    let list = lab.get("/v1/models").json;
    assert_eq!((&list["object"], &list["data"][0]["id"]), (&json!("list"), &json!(NAME)));
    assert_eq!(lab.get("/v1/models/tiny").json, list["data"][0]);
    let health = lab.get("/health");
    assert_eq!(health.json, json!({ "status": "ok", "running": 0, "waiting": 0 }));
}

#[test]
fn a_text_has_as_many_tokens_as_are_asked_for_at_least() {
    // The likeliest token after the prompt is the end token.
    let prompt = "the cat";
    let read = tokenizer().encode(prompt).unwrap().len();
    let end = ids_alone(prompt, 1)[0];
    let serve = |shortest: Limit| {
        let mut config = GenerationConfig { shortest, ..GenerationConfig::default() };
        config.options.eos = vec![end];
        let processor = Processor { config, ..processor() };
        Lab::start(Server::of_texts(model(&tokenizer()), processor, settings()).unwrap())
    };
    let count = |lab: &Lab, more: Value| {
        let answer = lab.complete(&with(greedy(prompt, 24), more));
        answer["usage"]["completion_tokens"].as_u64().unwrap()
    };
    let lab = serve(Limit::New(0));
    let alone = count(&lab, json!({}));
    assert_eq!(count(&lab, json!({ "min_tokens": 0 })), alone);
    assert!(alone <= 1, "{alone}");
    assert!(count(&lab, json!({ "min_tokens": 8 })) >= 8);
    // The minimum of the model's config applies, unless the request overrides it; the largest
    // minimum wins.
    for (shortest, least) in [(Limit::New(8), 8), (Limit::Total(read + 8), 8), (Limit::New(99), 24)]
    {
        let lab = serve(shortest);
        assert!(count(&lab, json!({})) >= least, "{shortest:?}");
        assert_eq!(count(&lab, json!({ "min_tokens": 0 })), alone);
    }
}
