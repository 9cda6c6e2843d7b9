//! What the fuzz targets share: a folder to write hostile files into, and how far a model is followed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use burn_zoo::Device;
use burn_zoo::models::checkpoint::{Mapping, ModelSpec};
use burn_zoo::models::families::Family;
use serde_json::Value;

/// More parameters than this are described and not made.
const MOST_PARAMETERS: usize = 1 << 16;

/// The project's fixtures.
pub fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden")
}

/// The folder that this process writes to; in memory where the system has such a place.
pub fn folder() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
        let made = tempfile::Builder::new().prefix("burn-zoo-fuzz-").tempdir_in(parent);
        made.expect("a folder for hostile files").keep()
    });
    &FOLDER
}

/// Writes a file into [`folder`].
pub fn write(name: &str, content: &[u8]) {
    let path = folder().join(name);
    fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
    fs::write(path, content).expect("a hostile file");
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

/// Follows a config as far as a loader does before it reads weights, and makes the model if it is
/// small.
pub fn follow(family: &'static Family, config: Value) {
    let Ok(spec) = ModelSpec::new(family, config) else { return };
    let device = Device::flex();
    // Parameters are made when they are read, so describing them must take no memory.
    let model = spec.model(&device);
    let parameters = model.parameters();
    let mapping = Mapping::new(spec.rules(), &parameters);
    assert!(mapping.uncovered.is_empty(), "no key for {:?}", mapping.uncovered);
    let counts = parameters.iter().map(|parameter| parameter.count());
    let total = counts.fold(0_usize, usize::saturating_add);
    let cost = spec.architecture.cost();
    let _ = (cost.embedding_parameters(), cost.flops_per_token(16));
    if total <= MOST_PARAMETERS {
        let _ = spec.initialized(1, &device);
    }
}

/// The bytes of an input, taken from its front.
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// The next byte; 0 where there is none.
    pub fn byte(&mut self) -> usize {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(first)
    }

    /// The next few bytes, at most this many.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// One of several things.
    pub fn choose<T>(&mut self, things: &'a [T]) -> &'a T {
        &things[(self.byte() | self.byte() << 8) % things.len()]
    }
}

/// Panics that are caught in the zoo, and those that are not.
pub mod caught {
    use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};

    /// Takes the fuzzer's hook away, which ends the process at any panic: those of libraries are
    /// caught, and only one that comes out of the zoo is what is looked for.
    pub fn init() {
        set_hook(Box::new(|_| {}));
    }

    /// Ends the process if a panic comes out.
    pub fn run(work: impl FnOnce()) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
            let said = burn_zoo::system::panic_message(panic.as_ref());
            eprintln!("a panic came out: {said:?}");
            std::process::abort();
        }
    }
}
