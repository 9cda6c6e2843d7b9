//! The `openai` package from PyPI as a client. Downloaded if there is a network.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use burn_zoo::serve::ServerSettings;

use super::{Lab, Odd, alone, server, settings, vectors};
use crate::pypi;

const PACKAGE: &str = "openai==2.54.0";

/// A Python with the package, in cargo's temporary target folder; or the reason for its absence.
fn python() -> Result<PathBuf, String> {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("openai-2.54.0");
    let python = place.join("bin/python");
    if place.join("complete").exists() {
        return Ok(python);
    }
    let _ = std::fs::remove_dir_all(&place);
    let venv = [OsStr::new("-m"), OsStr::new("venv"), place.as_os_str()];
    pypi::run(Path::new("python3"), &venv)?;
    pypi::install(&python, &[OsStr::new(PACKAGE)])?;
    std::fs::write(place.join("complete"), "").map_err(|error| error.to_string())?;
    Ok(python)
}

#[test]
fn the_openai_package_is_a_client() {
    let Some(python) = pypi::or_skip(python(), "openai: no client of OpenAI's was tried") else {
        return;
    };
    let key = ServerSettings { api_key: Some("secret".into()), ..settings() };
    let (texts, vectors) = (Lab::start(server(key)), Lab::start(vectors::server()));
    let few = ServerSettings { batch: 1, queue: 0, ..settings() };
    let busy = Lab::start(Odd::slow(Duration::from_millis(20), few));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/serve/openai_client.py");
    let output = Command::new(python)
        .arg(script)
        .args([texts.url("/v1"), vectors.url("/v1"), busy.url("/v1")])
        .args([alone("the cat", 16), alone("<user>Hi\n<assistant>", 16)])
        .env_remove("OPENAI_API_KEY")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "all is well\n");
}
