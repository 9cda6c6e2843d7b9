//! Many concurrent clients: each gets its own complete text.

use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Lab, agent, alone, greedy, joined, server, settings, with};

const CLIENTS: usize = 64;
const MAX_TOKENS: usize = 48;

/// The duration; `ZOO_SERVE_SECONDS` overrides it.
fn duration() -> Duration {
    let seconds = std::env::var("ZOO_SERVE_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(10))
}

/// A client's request, and its only correct response.
struct Case {
    body: Value,
    text: String,
    reason: &'static str,
}

fn case(client: usize) -> Case {
    let words = ["the cat", "a dög", "fox 🦊", "and then", "中文", "x = 1;", "Why?", "\n\n"];
    let prompt = format!("{} {client}", words[client % words.len()]);
    let max_tokens = 8 + client % (MAX_TOKENS - 8);
    let whole = alone(&prompt, max_tokens);
    let body = with(greedy(&prompt, max_tokens), json!({ "stream": true }));
    // Some stop early, so that rows leave the batch at all times.
    let readable = whole.char_indices().skip(4).find(|(_, c)| *c != '\u{fffd}');
    match readable.filter(|_| client.is_multiple_of(3)) {
        Some((at, c)) => {
            let stop = c.to_string();
            let end = whole.find(&stop).unwrap_or(at);
            let text = whole[..end].to_string();
            Case { body: with(body, json!({ "stop": stop })), text, reason: "stop" }
        }
        None => Case { body, text: whole, reason: "length" },
    }
}

#[test]
fn many_clients_each_get_their_own_text() {
    let lab = Lab::start(server(settings()));
    let cases: Vec<Case> = (0..CLIENTS).map(case).collect();
    let url = lab.url("/v1/completions");
    let until = Instant::now() + duration();
    let streams: usize = std::thread::scope(|scope| {
        let clients: Vec<_> = cases
            .iter()
            .map(|case| {
                let url = &url;
                scope.spawn(move || {
                    // Some keep their connection alive, like real clients.
                    let agent = agent();
                    let mut streams = 0;
                    while Instant::now() < until || streams == 0 {
                        let request = agent.post(url).header("content-type", "application/json");
                        let response = request.send(case.body.to_string()).unwrap();
                        assert_eq!(response.status(), 200);
                        let lines = BufReader::new(response.into_body().into_reader()).lines();
                        let events: Vec<String> = lines
                            .map(Result::unwrap)
                            .filter_map(|line| line.strip_prefix("data: ").map(String::from))
                            .collect();
                        let (text, reason) = joined(&events, 0);
                        assert_eq!(
                            (text.as_str(), reason.as_str()),
                            (case.text.as_str(), case.reason)
                        );
                        streams += 1;
                    }
                    streams
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    });
    assert!(streams >= CLIENTS);
    lab.wait_for_load(0, 0);
    println!("{streams} streams of {CLIENTS} clients");
}
