//! Randomly damaged requests are answered or rejected, and none fails.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use burn_zoo::serve::ServerSettings;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Lab, alone, greedy, server, settings, vectors};

const TOTAL: usize = 50_000;
/// Concurrent requests.
const TOGETHER: usize = 32;

fn cheap() -> ServerSettings {
    ServerSettings { max_new_tokens: 3, batch: 16, queue: 48, ..settings() }
}

/// Valid requests that use every field.
fn valid() -> Vec<(&'static str, Value)> {
    let chat = json!([
        { "role": "system", "content": "Be kind." },
        { "role": "user", "content": [{ "type": "text", "text": "Hi 🦊" }] },
        { "role": "assistant", "content": null, "tool_calls": [
            { "id": "c", "type": "function", "function": { "name": "f", "arguments": "{\"a\": [1]}" } },
        ] },
        { "role": "tool", "tool_call_id": "c", "content": "2" },
        { "role": "user", "content": "And?", "name": "Ann" },
    ]);
    vec![
        (
            "/v1/completions",
            json!({
                "model": "tiny", "prompt": "the cat", "max_tokens": 2, "temperature": 0.7,
                "top_p": 0.9, "top_k": 5, "min_p": 0.1, "n": 2, "stop": ["xyz", "\n"], "seed": 3,
                "presence_penalty": 0.5, "frequency_penalty": -0.5, "repetition_penalty": 1.2,
                "echo": true, "user": "me", "logit_bias": null, "best_of": 2, "logprobs": 2,
            }),
        ),
        (
            "/v1/completions",
            json!({
                "model": "tiny", "prompt": [[1, 2, 3], [4]], "max_tokens": 1, "stream": true,
                "stream_options": { "include_usage": true }, "logprobs": 0,
            }),
        ),
        ("/v1/completions", json!({ "model": "tiny", "prompt": ["a", "é"], "max_tokens": 1 })),
        (
            "/v1/chat/completions",
            json!({
                "model": "tiny", "messages": chat, "max_completion_tokens": 1, "stop": "e",
                "response_format": { "type": "text" }, "tools": [{ "type": "function" }],
                "tool_choice": "none", "logprobs": false, "top_logprobs": 0,
            }),
        ),
        (
            "/v1/chat/completions",
            json!({
                "model": "tiny", "messages": [{ "role": "user", "content": "Why?" }],
                "max_tokens": 2, "stream": true, "temperature": 0, "logprobs": true,
                "top_logprobs": 3, "chat_template_kwargs": { "enable_thinking": false },
            }),
        ),
        (
            "/v1/embeddings",
            json!({ "model": "tiny", "input": ["a cat", "ox"], "encoding_format": "base64" }),
        ),
        ("/v1/embeddings", json!({ "model": "tiny", "input": [[1, 2], [3]], "user": "me" })),
    ]
}

/// A random replacement of a value.
fn other(generator: &mut ChaCha8Rng) -> Value {
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e308),
        json!(-1e-308),
        json!(4_294_967_296_u64),
        json!(""),
        json!("\u{0}\u{ffff}🦊"),
        json!("{{ 7 * 7 }}{% for x in y %}"),
        json!("<|endoftext|>"),
        json!([]),
        json!([[]]),
        json!([null, 1, "a"]),
        json!({}),
        json!({ "type": "text", "text": [] }),
        json!("z".repeat(3000)),
    ];
    values.choose(generator).cloned().unwrap_or_default()
}

/// Replaces, duplicates or removes something within a value.
fn change(value: &mut Value, generator: &mut ChaCha8Rng) {
    let goes_deeper = generator.random_bool(0.7);
    match value {
        Value::Object(map) if goes_deeper && !map.is_empty() => {
            let at = generator.random_range(0..map.len());
            let Some(key) = map.keys().nth(at).cloned() else { return };
            match generator.random_range(0..10) {
                0 => drop(map.remove(&key)),
                1 => drop(map.insert(format!("{key}_"), other(generator))),
                _ => {
                    map.values_mut().nth(at).into_iter().for_each(|inner| change(inner, generator))
                }
            }
        }
        Value::Array(list) if goes_deeper && !list.is_empty() => {
            let at = generator.random_range(0..list.len());
            match generator.random_range(0..6) {
                0 => drop(list.remove(at)),
                1 => list.insert(at, other(generator)),
                2 => list.extend_from_within(..),
                _ => change(&mut list[at], generator),
            }
        }
        _ => *value = other(generator),
    }
}

/// Damages the bytes themselves.
fn damage(bytes: &mut Vec<u8>, generator: &mut ChaCha8Rng) {
    for _ in 0..generator.random_range(1..4) {
        let at = generator.random_range(0..=bytes.len());
        let within = at.min(bytes.len().saturating_sub(1));
        match generator.random_range(0..7) {
            0 if !bytes.is_empty() => bytes[within] ^= 1 << generator.random_range(0..8),
            1 if !bytes.is_empty() => bytes[within] = generator.random(),
            2 => bytes.truncate(at),
            3 => bytes.insert(at, generator.random()),
            4 => {
                let junk: &[&[u8]] = &[
                    b"\xff\xfe",
                    b"\xed\xa0\x80",
                    b"\\ud800",
                    b"1e999",
                    b"-0",
                    b"99999999999999999999",
                    b"\"",
                    b"{",
                    b"]",
                    b"\0",
                ];
                let junk = junk.choose(generator).copied().unwrap_or_default();
                bytes.splice(at..at, junk.iter().copied());
            }
            5 => {
                let depth = generator.random_range(1..300);
                bytes.splice(at..at, b"[".repeat(depth));
            }
            _ => {
                let to = generator.random_range(at..=bytes.len());
                bytes.drain(at..to);
            }
        }
    }
}

fn mutated(generator: &mut ChaCha8Rng) -> Request<Body> {
    let valid = valid();
    let (path, mut value) = valid.choose(generator).cloned().unwrap_or_default();
    for _ in 0..generator.random_range(0..3) {
        change(&mut value, generator);
    }
    let mut bytes = value.to_string().into_bytes();
    if generator.random_bool(0.5) {
        damage(&mut bytes, generator);
    }
    // Occasionally another path, method or header.
    let path = if generator.random_bool(0.03) { "/v1/models/%ff%00" } else { path };
    let method = if generator.random_bool(0.02) { "PATCH" } else { "POST" };
    let kind = if generator.random_bool(0.02) { "text/json" } else { "application/json" };
    let request = Request::builder().method(method).uri(path).header("content-type", kind);
    request.body(Body::from(bytes)).unwrap()
}

/// The status of the response, which is read to its end.
async fn ask(router: Router, request: Request<Body>) -> u16 {
    let response = router.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(!text.contains("server_error"), "{text}");
    if status >= 400 {
        let error: Value = serde_json::from_str(&text).unwrap();
        assert!(error["error"]["message"].is_string(), "{text}");
    }
    status
}

#[test]
fn damaged_requests_are_answered_or_refused() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (texts, vectors) = (server(cheap()).router(), vectors::server().router());
        for (path, body) in valid() {
            let router = if path.ends_with("embeddings") { &vectors } else { &texts };
            let request = Request::post(path).header("content-type", "application/json");
            let request = request.body(Body::from(body.to_string())).unwrap();
            assert_eq!(ask(router.clone(), request).await, 200, "{path} {body}");
        }
        let mut generator = ChaCha8Rng::seed_from_u64(11);
        let (mut under_way, mut counts) = (tokio::task::JoinSet::new(), [0usize; 6]);
        for _ in 0..TOTAL {
            let request = mutated(&mut generator);
            let is_vectors = request.uri().path().ends_with("embeddings");
            // A few reach a server of the wrong kind.
            let router = if is_vectors != generator.random_bool(0.02) { &vectors } else { &texts };
            under_way.spawn(ask(router.clone(), request));
            if under_way.len() >= TOGETHER
                && let Some(status) = under_way.join_next().await
            {
                counts[usize::from(status.unwrap()) / 100] += 1;
            }
        }
        while let Some(status) = under_way.join_next().await {
            counts[usize::from(status.unwrap()) / 100] += 1;
        }
        println!("{} answered, {} refused", counts[2], counts[4]);
        assert_eq!(counts[2] + counts[4], TOTAL, "{counts:?}");
        assert!(counts[2] > TOTAL / 20 && counts[4] > TOTAL / 20, "{counts:?}");
        let request = Request::post("/v1/completions").header("content-type", "application/json");
        let body = greedy("the cat", 3).to_string();
        let response = texts.oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let answer = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer["choices"][0]["text"], alone("the cat", 3));
    });
}

#[test]
fn damaged_connections_do_no_harm() {
    let lab = Lab::start(server(cheap()));
    let body = greedy("the cat", 2).to_string();
    let head = "POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json";
    let whole = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes();
    let mut generator = ChaCha8Rng::seed_from_u64(12);
    for _ in 0..1000 {
        let mut bytes = whole.clone();
        damage(&mut bytes, &mut generator);
        let mut stream = TcpStream::connect(lab.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // The server may have closed the connection.
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.take(100_000).read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        assert!(!answer.starts_with("HTTP/1.1 5"), "{answer}");
    }
    lab.wait_for_load(0, 0);
    assert_eq!(lab.complete(&greedy("the cat", 3))["choices"][0]["text"], alone("the cat", 3));
}
