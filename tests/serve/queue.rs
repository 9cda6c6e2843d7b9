//! Slots of the batch and of the queue: finished requests free theirs, and a full queue is an
//! error.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use burn_zoo::serve::{Server, ServerSettings};
use serde_json::{Value, json};

use super::{Lab, Odd, alone, greedy, model, processor, settings, tokenizer, with};

/// A connection with an active request.
fn ask(lab: &Lab, body: &Value) -> BufReader<TcpStream> {
    let body = body.to_string();
    let mut stream = TcpStream::connect(lab.address).unwrap();
    let head = "POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json";
    write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    BufReader::new(stream)
}

/// Reads until a line with this prefix.
fn wait_for_line(stream: &mut BufReader<TcpStream>, beginning: &str) {
    let mut line = String::new();
    while !line.starts_with(beginning) {
        line.clear();
        assert!(stream.read_line(&mut line).unwrap() > 0, "no {beginning:?}");
    }
}

fn streaming(prompt: &str) -> Value {
    with(greedy(prompt, 100), json!({ "stream": true }))
}

#[test]
fn who_leaves_frees_the_place() {
    let few = ServerSettings { batch: 1, queue: 1, ..settings() };
    let lab = Lab::start(Odd::slow(Duration::from_millis(30), few));
    // During a stream, during generation without streaming, and while queued.
    for body in [streaming("the cat"), greedy("the cat", 100)] {
        let began = Instant::now();
        let mut running = ask(&lab, &body);
        if body["stream"] == true {
            wait_for_line(&mut running, "data: ");
        }
        lab.wait_for_load(1, 0);
        let waiting = ask(&lab, &body);
        lab.wait_for_load(1, 1);
        drop(waiting);
        lab.wait_for_load(1, 0);
        drop(running);
        lab.wait_for_load(0, 0);
        // A hundred tokens would have taken three seconds.
        assert!(began.elapsed() < Duration::from_millis(2500), "{:?}", began.elapsed());
    }
    // The next request of the queue takes the freed slot.
    let running = ask(&lab, &streaming("the cat"));
    lab.wait_for_load(1, 0);
    let mut next = ask(&lab, &streaming("the dog"));
    lab.wait_for_load(1, 1);
    drop(running);
    wait_for_line(&mut next, "data: [DONE]");
    lab.wait_for_load(0, 0);
}

#[test]
fn a_full_queue_says_so() {
    let few = ServerSettings { batch: 1, queue: 2, ..settings() };
    let lab = Lab::start(Odd::slow(Duration::from_millis(20), few));
    let mut held: Vec<_> = Vec::new();
    for count in 0..3 {
        held.push(ask(&lab, &streaming("the cat")));
        lab.wait_for_load(1, count);
    }
    let refused = lab.post("/v1/completions", &greedy("a", 2));
    assert_eq!(refused.status, 429);
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(refused.json["error"]["type"], "rate_limit_error");
    assert_eq!(refused.json["error"]["code"], "rate_limit_exceeded");
    let streamed = with(greedy("a", 2), json!({ "stream": true }));
    assert_eq!(lab.post("/v1/completions", &streamed).status, 429);
    // A request that can never fit is invalid.
    let never = lab.post("/v1/completions", &with(greedy("a", 2), json!({ "n": 4 })));
    assert_eq!((never.status, &never.json["error"]["param"]), (400, &json!("n")));
    held.pop();
    lab.wait_for_load(1, 1);
    let expected = alone("a", 2);
    assert_eq!(lab.complete(&greedy("a", 2))["choices"][0]["text"], expected);
    for stream in &mut held {
        let mut rest = String::new();
        if stream.get_ref().set_read_timeout(Some(Duration::from_secs(20))).is_ok() {
            while !rest.contains("[DONE]") {
                let mut bytes = [0; 512];
                let count = stream.read(&mut bytes).unwrap();
                assert!(count > 0, "{rest}");
                rest += &String::from_utf8_lossy(&bytes[..count]);
            }
        }
    }
}

#[test]
fn texts_that_wait_are_written_in_their_order() {
    let few = ServerSettings { batch: 2, queue: 20, ..settings() };
    let lab = Lab::start(Odd::slow(Duration::from_millis(2), few));
    let prompts: Vec<String> = (0..20).map(|index| format!("the {index}")).collect();
    let answer = lab.complete(&with(greedy("", 6), json!({ "prompt": prompts })));
    for (prompt, choice) in prompts.iter().zip(answer["choices"].as_array().unwrap()) {
        assert_eq!(choice["text"], alone(prompt, 6));
    }
}

#[test]
fn a_model_that_fails_is_an_error_and_the_next_request_is_answered() {
    let poison = tokenizer().encode("%").unwrap()[0];
    let model =
        Odd { model: model(&tokenizer()), pause: Duration::from_millis(5), poison: Some(poison) };
    let lab = Lab::start(Server::of_texts(model, processor(), settings()).unwrap());
    let mut beside = ask(&lab, &streaming("the cat"));
    wait_for_line(&mut beside, "data: ");
    let failed = lab.post("/v1/completions", &greedy("100 %", 4));
    assert_eq!(failed.status, 500, "{}", failed.json);
    assert_eq!(failed.json["error"]["type"], "server_error");
    let message = failed.json["error"]["message"].as_str().unwrap();
    assert!(message.contains("poisoned"), "{message}");
    // The other requests of the batch receive an error too, instead of waiting.
    wait_for_line(&mut beside, "data: {\"error\"");
    lab.wait_for_load(0, 0);
    let expected = alone("the cat", 8);
    assert_eq!(lab.complete(&greedy("the cat", 8))["choices"][0]["text"], expected);
}
