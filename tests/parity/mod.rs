//! Every compiled-in backend computes the same results as `flex`: every class of every family on
//! the CPU; on `wgpu`, which may be Vulkan in software, the smallest set of models with every kind
//! of layer, block and head. `zoo parity` without `--sample` compares all families there, for the
//! book.

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
    agrees("tch", &["--all"]);
}

#[test]
fn wgpu_computes_what_flex_does_with_fused_kernels() {
    agrees("wgpu", &["--sample"]);
}

#[test]
fn wgpu_computes_what_flex_does_operation_by_operation() {
    agrees("wgpu", &["--sample", "--no-fusion"]);
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
