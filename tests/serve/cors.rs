//! Web pages of allowed origins can use the server, and no others.

use burn_zoo::serve::{Origins, ServerSettings};
use serde_json::json;
use ureq::http::{Method, Request, Response};

use super::{Lab, agent, greedy, server, settings};

fn lab(origins: &[&str]) -> Lab {
    let origins = Origins::parse(origins).unwrap();
    Lab::start(server(ServerSettings { origins, api_key: Some("s3cret".into()), ..settings() }))
}

/// A browser's preflight request before a page's request.
fn preflight(lab: &Lab, origin: &str) -> Response<ureq::Body> {
    let request = Request::builder()
        .method(Method::OPTIONS)
        .uri(lab.url("/v1/chat/completions"))
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,x-stainless-lang");
    agent().run(request.body(()).unwrap()).unwrap()
}

fn header(response: &Response<ureq::Body>, name: &str) -> Option<String> {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_string())
}

fn ask(lab: &Lab, origin: &str, key: &str) -> Response<ureq::Body> {
    let request = agent().post(lab.url("/v1/completions"));
    let request = request.header("content-type", "application/json").header("origin", origin);
    let request = request.header("authorization", format!("Bearer {key}"));
    request.send(greedy("a", 1).to_string()).unwrap()
}

#[test]
fn pages_of_the_listed_origins_are_let_in() {
    const PAGE: &str = "http://localhost:3000";
    const ALLOWED: &str = "access-control-allow-origin";
    for (origins, origin, expected) in [
        (&["http://a", PAGE][..], PAGE, Some(PAGE)),
        (&[PAGE], "http://localhost:3001", None),
        (&[PAGE], "https://localhost:3000", None),
        (&["*"], "http://anywhere", Some("*")),
        (&[], PAGE, None),
    ] {
        let lab = lab(origins);
        let asked = preflight(&lab, origin);
        assert_eq!(header(&asked, ALLOWED).as_deref(), expected, "{origins:?}, {origin}");
        if expected.is_some() {
            assert_eq!(asked.status(), 200);
            let methods = header(&asked, "access-control-allow-methods").unwrap();
            assert!(methods.contains("POST") && methods.contains("GET"), "{methods}");
            let headers = header(&asked, "access-control-allow-headers").unwrap();
            assert_eq!(headers, "authorization,content-type,x-stainless-lang");
        }
        // The page may read the responses themselves, including errors.
        for (key, status) in [("s3cret", 200), ("wrong", 401)] {
            let answer = ask(&lab, origin, key);
            assert_eq!(answer.status(), status);
            assert_eq!(header(&answer, ALLOWED).as_deref(), expected, "{origins:?}, {origin}");
        }
    }
}

#[test]
fn without_the_flag_nothing_is_said_of_origins() {
    let lab = Lab::start(server(settings()));
    let answer = lab.post("/v1/completions", &greedy("a", 1));
    assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control")));
    assert_eq!(preflight(&lab, "http://localhost:3000").status(), 405);
    assert_eq!(lab.get("/health").json["status"], json!("ok"));
}
