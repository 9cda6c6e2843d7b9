//! Shared code of the fuzz targets: a folder for the fuzzed files, and the evaluation of configs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use burn_zoo::Device;
use burn_zoo::models::checkpoint::{Mapping, ModelSpec};
use burn_zoo::models::families::Family;
use serde_json::Value;

/// Models with more parameters are described but not initialized.
const MOST_PARAMETERS: usize = 1 << 16;

/// The folder of the project's fixtures.
pub fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden")
}

/// The folder that this process writes to; in memory if the system supports it.
pub fn folder() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
        let made = tempfile::Builder::new().prefix("burn-zoo-fuzz-").tempdir_in(parent);
        made.expect("a folder for fuzzed files").keep()
    });
    &FOLDER
}

/// Writes a file into [`folder`].
pub fn write(name: &str, content: &[u8]) {
    let path = folder().join(name);
    fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
    fs::write(path, content).expect("a fuzzed file");
}

/// Copies a fixture's files into [`folder`], once.
pub fn copy(case: &str, names: &[&str]) {
    for name in names {
        let to = folder().join(name);
        if !to.exists() {
            fs::copy(golden().join(case).join(name), to).expect("a fixture");
        }
    }
}

/// Processes a config as loading does before it reads weights, and initializes the model if it is
/// small.
pub fn follow(family: &'static Family, config: Value) {
    let Ok(spec) = ModelSpec::new(family, config) else { return };
    let device = Device::flex();
    // Parameters are allocated on first use, so describing them must not allocate.
    let model = spec.model(&device);
    let parameters = model.parameters();
    let mapping = Mapping::new(spec.rules(), &parameters);
    assert!(mapping.uncovered.is_empty(), "no key for {:?}", mapping.uncovered);
    let counts = parameters.iter().map(|parameter| parameter.count());
    let total = counts.fold(0_usize, usize::saturating_add);
    let cost = spec.architecture.backbone.cost();
    let _ = (cost.embedding_parameters(), cost.flops_per_token(16));
    if total <= MOST_PARAMETERS {
        let _ = spec.initialized(1, &device);
    }
}

/// The bytes of an input, consumed from the front.
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// The next byte; 0 at the end.
    pub fn byte(&mut self) -> usize {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(first)
    }

    /// The next bytes, at most `count`.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// One of several items, selected by the next two bytes.
    pub fn choose<T>(&mut self, items: &'a [T]) -> &'a T {
        &items[(self.byte() | self.byte() << 8) % items.len()]
    }
}

/// Distinguishes panics that the zoo catches from those that escape.
pub mod caught {
    use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};

    /// Replaces libFuzzer's panic hook, which aborts the process at any panic: the zoo catches
    /// panics of libraries, and only one that escapes the zoo is a finding.
    pub fn init() {
        set_hook(Box::new(|_| {}));
    }

    /// Aborts the process if a panic escapes.
    pub fn run(work: impl FnOnce()) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
            let message = burn_zoo::system::panic_message(panic.as_ref());
            eprintln!("a panic escaped: {message:?}");
            std::process::abort();
        }
    }
}
