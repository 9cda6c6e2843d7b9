//! The running text of a run, read and encoded with progress.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::ProgressBar;

use super::super::{Global, usage};
use super::text_source::LmSource;
use crate::datasets::batch::LmDataset;
use crate::datasets::encoded::{EncodingStage, Packing, TokenCache};
use crate::datasets::locate::SearchPath;
use crate::datasets::text::{Corpus, ReadLimits, RunningText, TextFiles};
use crate::datasets::tokenizer::{Tokenizer, Vocabulary};
use crate::system::{bytes, duration};
use crate::train::TextSettings;

/// A text that is not yet encoded.
pub(super) enum LmText {
    Known(Box<Corpus>),
    Files { text: Box<RunningText>, packing: Packing },
}

impl LmText {
    /// Reads a text, or finds its size where it is large.
    pub(super) fn read(global: &Global, source: &LmSource) -> Result<Self> {
        let TextSettings { files, validation, packing } = match source {
            LmSource::Known(known) => {
                let corpus = Corpus::load(known, &SearchPath::from_env()).map_err(usage)?;
                return Ok(Self::Known(Box::new(corpus)));
            }
            LmSource::Files(text) => text.clone(),
        };
        let mut progress = TextProgress::new(global, "read", stored_bytes(&files));
        let text = RunningText::open(files, &validation, ReadLimits::default(), &mut |done| {
            progress.show(done);
        });
        progress.end();
        Ok(Self::Files { text: Box::new(text.map_err(usage)?), packing })
    }

    /// A text that is only evaluated on.
    pub(super) fn held_out(global: &Global, files: TextFiles, packing: Packing) -> Result<Self> {
        let mut progress = TextProgress::new(global, "read", stored_bytes(&files));
        let text = RunningText::held_out(files, ReadLimits::default(), &mut |done| {
            progress.show(done);
        });
        progress.end();
        Ok(Self::Files { text: Box::new(text.map_err(usage)?), packing })
    }

    /// The size of the text of files, in bytes.
    pub(super) fn bytes(&self) -> Option<u64> {
        match self {
            Self::Known(_) => None,
            Self::Files { text, .. } => Some(text.bytes()),
        }
    }

    /// A new tokenizer for the text.
    pub(super) fn tokenizer(&self, global: &Global, vocabulary: Vocabulary) -> Result<Tokenizer> {
        match self {
            Self::Known(corpus) => corpus.tokenizer(vocabulary).map_err(usage),
            Self::Files { text, .. } => {
                let began = Instant::now();
                let spinner = global.spinner("learning the vocabulary".to_string());
                let tokenizer = text.tokenizer(vocabulary);
                spinner.finish_and_clear();
                if began.elapsed() > Duration::from_secs(1) {
                    let time = duration(began.elapsed().as_secs_f64());
                    global.note(&format!("learned the vocabulary in {time}"));
                }
                tokenizer.map_err(usage)
            }
        }
    }

    /// The encoded text.
    pub(super) fn encode(&self, global: &Global, tokenizer: Tokenizer) -> Result<Arc<LmDataset>> {
        let (text, packing) = match self {
            Self::Known(corpus) => {
                return Ok(Arc::new(LmDataset::new(corpus, tokenizer).map_err(usage)?));
            }
            Self::Files { text, packing } => (text, *packing),
        };
        if packing == Packing::Bordered && tokenizer.ends_documents_with_a_line_break() {
            global.note("the vocabulary has no end token: documents end with a line break");
        }
        let (began, cache) = (Instant::now(), TokenCache::from_env());
        let mut progress = TextProgress::new(global, "encoded", text.bytes());
        let mut is_found = false;
        let data = LmDataset::of_text(text, tokenizer, packing, &cache, &mut |encoding| {
            if encoding.stage == EncodingStage::Check {
                is_found = true;
                return;
            }
            is_found = false;
            progress.show(encoding.done);
        });
        progress.end();
        let data = data.map_err(usage)?;
        if let Some(folder) = cache.folder.filter(|_| !text.is_in_memory()) {
            let (size, seconds) = (text.bytes(), began.elapsed().as_secs_f64());
            let folder = folder.display();
            global.note(&match is_found {
                true => format!("{} were already encoded, in {folder}", bytes(size)),
                false => format!(
                    "encoded {} in {} ({}/s), kept in {folder}",
                    bytes(size),
                    duration(seconds),
                    bytes((size as f64 / seconds) as u64),
                ),
            });
        }
        Ok(Arc::new(data))
    }
}

/// The size of files as they are stored; 0 where it says nothing of their text.
fn stored_bytes(files: &TextFiles) -> u64 {
    let is_compressed = |path: &Path| {
        path.extension().is_some_and(|end| ["gz", "zst", "parquet"].iter().any(|it| end == *it))
    };
    let paths = files.paths().unwrap_or_default();
    match paths.iter().any(|path| is_compressed(path)) {
        true => 0,
        false => paths.iter().filter_map(|path| path.metadata().ok()).map(|it| it.len()).sum(),
    }
}

/// The time between two lines of progress.
const INTERVAL: Duration = Duration::from_secs(10);

/// A bar on a terminal, or a line from time to time.
struct TextProgress<'g> {
    global: &'g Global,
    bar: ProgressBar,
    done: &'static str,
    total: u64,
    shown: Instant,
}

impl<'g> TextProgress<'g> {
    fn new(global: &'g Global, done: &'static str, total: u64) -> Self {
        let bar = match total {
            0 => global.spinner(done.to_string()),
            1..10_000_000 => ProgressBar::hidden(),
            _ => global.bar(total / 1_000_000, "MB"),
        };
        Self { global, bar, done, total, shown: Instant::now() }
    }

    fn show(&mut self, done: u64) {
        self.bar.set_position(done / 1_000_000);
        if self.bar.is_hidden() && self.shown.elapsed() >= INTERVAL {
            self.shown = Instant::now();
            let total = match self.total {
                0 => String::new(),
                total => format!(" of {}", bytes(total)),
            };
            self.global.note(&format!("{} {}{total}", self.done, bytes(done)));
        }
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}
