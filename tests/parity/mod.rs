//! Every compiled-in backend computes what `flex` computes.
//!
//! All classes of all families are compared on `ndarray`, which takes half a minute, and a sample with
//! every kind of layer, block and head on `tch`. The other comparisons take an hour on two cores: their
//! results are in `docs/parity`, with a fingerprint of the code that they are of, and a stale one
//! fails here. `wgpu`, which may be Vulkan in software, trains and decodes a small GPT-2 besides.

mod burn_workarounds;
mod devices;
mod memory;
mod page;
mod precision;

use std::collections::BTreeSet;
use std::io::Write;

use burn_zoo::device::BACKENDS;
use burn_zoo::parity::{EXCEPTIONS, ParityCase, ParityRun};
use serde::Deserialize;
use serde_json::Value;

use crate::cli::succeed;

/// Whether the backend is compiled in. If not, prints this past the test's capture, and fails if
/// the backend is required.
pub(crate) fn is_there(backend: &str, what: &str) -> bool {
    if BACKENDS.iter().any(|known| known.name == backend && known.is_compiled) {
        return true;
    }
    let skipped = format!(
        "SKIPPED {what} on {backend}: not compiled in; eval \"$(scripts/backends-env)\", then cargo test \
         --release --workspace --features {backend}"
    );
    assert!(std::env::var_os("ZOO_MUST_HAVE_BACKENDS").is_none(), "{skipped}");
    let mut past_capture = std::io::stderr();
    writeln!(past_capture, "\n{skipped}").unwrap();
    false
}

/// The output of `zoo parity --json`.
#[derive(Deserialize)]
struct Report {
    run: ParityRun,
    problems: Vec<String>,
}

/// Runs the comparison as a user does, in a subprocess: a driver that crashes the program fails
/// only one test.
fn agrees(device: &str, arguments: &[&str]) {
    if !is_there(device, "parity") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let all = [&["parity", "--device", device, "--json"], arguments].concat();
    let report: Report = serde_json::from_str(&succeed(folder.path(), &all).stdout).unwrap();
    assert_eq!(report.problems, [""; 0]);
    let expected = if arguments.contains(&"--all") {
        ParityCase::all(burn_zoo::models::families::FAMILIES)
    } else {
        ParityCase::sample()
    };
    let expected: BTreeSet<String> = expected.iter().map(ParityCase::name).collect();
    assert_eq!(report.run.cases.into_keys().collect::<BTreeSet<String>>(), expected);
}

#[test]
fn ndarray_computes_what_flex_does() {
    agrees("ndarray", &["--all"]);
}

#[test]
fn libtorch_computes_what_flex_does() {
    agrees("tch", &["--sample"]);
}

#[test]
fn wgpu_trains_and_decodes_as_flex_does() {
    if !is_there("wgpu", "a small model") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let answer = succeed(folder.path(), &["devices", "wgpu", "--json"]).stdout;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let [wgpu] = answer["devices"].as_array().unwrap().as_slice() else {
        panic!("one device was named: {answer}")
    };
    assert_eq!((&wgpu["name"], &wgpu["works"]), (&"wgpu".into(), &true.into()), "{wgpu}");
}

#[test]
fn exceptions_say_why_and_where() {
    for exception in EXCEPTIONS {
        let known = BACKENDS.iter().any(|backend| backend.name == exception.backend);
        assert!(known, "{exception:?}");
        assert!(exception.reason.len() > 20, "{exception:?}");
        assert!(exception.issue.starts_with("https://"), "{exception:?}");
    }
}
