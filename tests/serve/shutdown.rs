//! Shutdown of the server: running requests are finished, or receive an error.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use burn_zoo::serve::ServerSettings;
use serde_json::{Value, json};

use super::{Lab, Odd, alone, greedy, joined, settings, with};

fn slow(batch: usize) -> burn_zoo::serve::Server {
    Odd::slow(Duration::from_millis(20), ServerSettings { batch, ..settings() })
}

#[test]
fn what_runs_and_waits_is_finished() {
    let mut lab = Lab::start(slow(1));
    let body = greedy("the cat", 20);
    std::thread::scope(|scope| {
        let streamed = with(body.clone(), json!({ "stream": true }));
        let ask = |body: Value| {
            let url = lab.url("/v1/completions");
            scope.spawn(move || {
                let request = super::agent().post(url).header("content-type", "application/json");
                request.send(body.to_string()).unwrap().body_mut().read_to_string().unwrap()
            })
        };
        let running = ask(streamed);
        lab.wait_for_load(1, 0);
        let waiting = ask(body);
        lab.wait_for_load(1, 1);
        let address = lab.address;
        lab.stop();
        let began = Instant::now();
        while TcpStream::connect(address).is_ok() {
            assert!(began.elapsed() < Duration::from_secs(1), "it still takes connections");
            std::thread::sleep(Duration::from_millis(5));
        }
        let data = running.join().unwrap();
        let events: Vec<String> =
            data.lines().filter_map(|line| line.strip_prefix("data: ").map(String::from)).collect();
        assert_eq!(joined(&events, 0).0, alone("the cat", 20));
        let answer: Value = serde_json::from_str(&waiting.join().unwrap()).unwrap();
        assert_eq!(answer["choices"][0]["text"], alone("the cat", 20));
    });
    lab.join();
}

#[test]
fn what_takes_too_long_is_told() {
    let mut lab = Lab::with_grace(slow(2), Duration::from_millis(300));
    let body = greedy("the cat", 100);
    let began = Instant::now();
    std::thread::scope(|scope| {
        let url = lab.url("/v1/completions");
        let ask = |body: Value| {
            let url = url.clone();
            scope.spawn(move || {
                let request = super::agent().post(url).header("content-type", "application/json");
                let mut response = request.send(body.to_string()).unwrap();
                (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
            })
        };
        let streamed = ask(with(body.clone(), json!({ "stream": true })));
        let whole = ask(body.clone());
        lab.wait_for_load(2, 0);
        let waiting = ask(body.clone());
        lab.wait_for_load(2, 1);
        lab.stop();
        let (status, data) = streamed.join().unwrap();
        assert_eq!(status, 200);
        assert!(!data.contains("[DONE]"), "{data}");
        let last = data.lines().rfind(|line| !line.is_empty()).unwrap();
        assert!(last.starts_with("data: {\"error\"") && last.contains("shutting_down"), "{last}");
        for answer in [whole, waiting] {
            let (status, text) = answer.join().unwrap();
            assert_eq!(status, 503, "{text}");
            assert!(text.contains("the server is shutting down"), "{text}");
        }
    });
    lab.join();
    assert!(began.elapsed() < Duration::from_millis(1900), "{:?}", began.elapsed());
}

#[test]
fn nobody_waits_for_a_step_that_takes_too_long() {
    let server = Odd::slow(Duration::from_secs(5), settings());
    let mut lab = Lab::with_grace(server, Duration::from_millis(100));
    std::thread::scope(|scope| {
        let url = lab.url("/v1/completions");
        let asked = scope.spawn(move || {
            let request = super::agent().post(url).header("content-type", "application/json");
            request.send(greedy("the cat", 100).to_string()).unwrap().status().as_u16()
        });
        lab.wait_for_load(1, 0);
        let began = Instant::now();
        lab.stop();
        assert_eq!(asked.join().unwrap(), 503);
        lab.join();
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    });
}
