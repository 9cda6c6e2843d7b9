//! What verbs that read texts have in common: where texts come from, and answers as they are ready.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};

use anyhow::{Context, Result, anyhow};
use indicatif::ProgressBar;
use serde_json::json;

use super::{Global, complain, usage};
use crate::pipeline::PipelineError;

/// Texts that are answered together, so that those of like length share a pass.
const TOGETHER: usize = 128;

/// Where texts come from.
#[derive(clap::Args)]
pub(super) struct TextArgs {
    /// Texts; `-` or none reads standard input, one text a line
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
    /// A file with one text a line
    #[arg(long, value_name = "FILE", conflicts_with = "texts")]
    file: Option<PathBuf>,
}

/// A line that is a text, or the reason why it is none.
type Line = Result<String, String>;

/// Answers some texts, in their order.
type Answer<'a, A> = &'a mut dyn FnMut(&[String]) -> Result<Vec<A>, PipelineError>;

/// Texts as they come.
pub(super) struct Texts {
    lines: Receiver<io::Result<Line>>,
    /// How many there are, where that is known.
    count: Option<usize>,
    empty: String,
}

impl TextArgs {
    /// Starts reading.
    pub(super) fn texts(&self) -> Result<Texts> {
        match (&self.file, self.texts.as_slice()) {
            (Some(path), _) => {
                let cannot = || format!("cannot read {}", path.display());
                let bytes = std::fs::read(path).with_context(cannot);
                let bytes = bytes.map_err(|error| usage(format!("{error:#}")))?;
                let count = io::Cursor::new(&bytes).split(b'\n').count();
                let empty = format!("there is no text in {}", path.display());
                Ok(Texts::read(io::Cursor::new(bytes), Some(count), empty))
            }
            (None, texts) if texts.is_empty() || texts == ["-"] => {
                let empty = "there is no text on standard input; give a TEXT or --file FILE";
                Ok(Texts::read(io::BufReader::new(io::stdin()), None, empty.into()))
            }
            (None, texts) => Ok(Texts::known(texts)),
        }
    }
}

impl Texts {
    /// Texts that are there already.
    pub(super) fn known(texts: &[String]) -> Self {
        let (send, lines) = sync_channel(texts.len());
        for text in texts {
            // There is room for all of them, and the other end is below.
            let _ = send.try_send(Ok(Ok(text.clone())));
        }
        Self { lines, count: Some(texts.len()), empty: "there is no text".into() }
    }

    /// Reads lines beside the work, so that those that are there already are answered together, and
    /// nobody waits for those that are not.
    fn read(source: impl BufRead + Send + 'static, count: Option<usize>, empty: String) -> Self {
        let (send, lines) = sync_channel(4 * TOGETHER);
        std::thread::spawn(move || {
            for bytes in source.split(b'\n') {
                let line = bytes.map(|mut bytes| {
                    bytes.pop_if(|last| *last == b'\r');
                    String::from_utf8(bytes).map_err(|_| "the line is not UTF-8".to_owned())
                });
                if send.send(line).is_err() {
                    return; // The work has ended.
                }
            }
        });
        Self { lines, count, empty }
    }

    /// The next lines, at least one; `None` after the last.
    fn next(&self) -> Result<Option<Vec<Line>>> {
        let Ok(first) = self.lines.recv() else { return Ok(None) };
        let others = self.lines.try_iter().take(TOGETHER - 1);
        let lines: io::Result<Vec<Line>> = std::iter::once(first).chain(others).collect();
        Ok(Some(lines.context("cannot read the texts")?))
    }

    /// All texts, where none can be answered before the last.
    pub(super) fn all(self) -> Result<Vec<String>> {
        let mut texts = Vec::new();
        while let Some(lines) = self.next()? {
            for line in lines {
                let number = texts.len() + 1;
                texts.push(line.map_err(|reason| anyhow!("text {number}: {reason}"))?);
            }
        }
        if texts.is_empty() { Err(usage(self.empty)) } else { Ok(texts) }
    }

    /// Answers all texts, and prints what `show` makes of each answer in its turn. A text that has no
    /// answer is named, and the others are answered all the same.
    pub(super) fn answer<A>(
        self,
        global: &Global,
        answer: Answer<'_, A>,
        show: &dyn Fn(&str, A) -> Result<String>,
    ) -> Result<()> {
        let mut progress = Progress { global, bar: self.bar(global), asked: 0, failed: 0 };
        while let Some(lines) = self.next()? {
            for (line, answer) in lines.iter().zip(answers(&lines, answer)?) {
                let text = line.as_deref().unwrap_or_default();
                match answer {
                    Ok(answer) => progress.print(&show(text, answer)?)?,
                    // It is all that there is to say.
                    Err(reason) if self.count == Some(1) && !global.json => {
                        return Err(anyhow!(reason));
                    }
                    Err(reason) => progress.fail(text, &reason)?,
                }
            }
        }
        progress.bar.finish_and_clear();
        match (progress.asked, progress.failed) {
            (0, _) => Err(usage(self.empty)),
            (_, 0) => Ok(()),
            (asked, failed) => Err(anyhow!("{failed} of {asked} texts have no answer")),
        }
    }

    fn bar(&self, global: &Global) -> ProgressBar {
        match self.count {
            Some(0 | 1) => ProgressBar::hidden(),
            Some(count) => global.bar(count as u64, "texts"),
            None if io::stdin().is_terminal() => {
                global.note("reading texts from the terminal, one a line");
                ProgressBar::hidden()
            }
            None => global.spinner("waiting for texts".into()),
        }
    }
}

/// An answer for each line, or the reason why there is none.
fn answers<A>(lines: &[Line], answer: Answer<'_, A>) -> Result<Vec<Result<A, String>>> {
    if let Ok(texts) = lines.iter().cloned().collect::<Result<Vec<String>, String>>() {
        match answer(&texts) {
            Ok(answers) => return Ok(answers.into_iter().map(Ok).collect()),
            Err(PipelineError::Text { .. }) => {}
            Err(error) => return Err(asked(error)),
        }
    }
    // One bad text must not cost the others their answers.
    let alone = |line: &Line| {
        let text = match line {
            Ok(text) => text,
            Err(reason) => return Ok(Err(reason.clone())),
        };
        match answer(std::slice::from_ref(text)) {
            Ok(mut answers) => Ok(answers.pop().ok_or_else(|| "there is no answer".to_owned())),
            Err(PipelineError::Text { source, .. }) => Ok(Err(source.to_string())),
            Err(error) => Err(asked(error)),
        }
    };
    lines.iter().map(alone).collect()
}

/// An error of the asking, where it is one.
pub(super) fn asked(error: PipelineError) -> anyhow::Error {
    match error {
        PipelineError::Model(error) => error.into(),
        PipelineError::Asked(_) | PipelineError::Head(_) => usage(error),
        error => error.into(),
    }
}

/// What has been printed.
struct Progress<'a> {
    global: &'a Global,
    bar: ProgressBar,
    asked: usize,
    failed: usize,
}

impl Progress<'_> {
    fn print(&mut self, answer: &str) -> Result<()> {
        self.asked += 1;
        if self.bar.length().is_some() {
            self.bar.inc(1);
        } else {
            self.bar.set_message(format!("{} texts", self.asked));
        }
        let write = || -> io::Result<()> {
            // Colours only where a terminal shows them.
            let mut out = anstream::stdout().lock();
            writeln!(out, "{answer}")?;
            out.flush()
        };
        Ok(self.bar.suspend(write)?)
    }

    fn fail(&mut self, text: &str, reason: &str) -> Result<()> {
        self.failed += 1;
        let number = self.asked + 1;
        self.bar.suspend(|| complain(&format!("text {number}: {reason}")));
        if self.global.json {
            return self.print(&json!({ "text": text, "error": reason }).to_string());
        }
        self.asked += 1;
        Ok(())
    }
}

impl Global {
    /// Says how many texts were too long.
    pub(super) fn note_cut(&self, cut: usize, max_length: usize) {
        if cut > 0 {
            self.note(&format!("of {cut} texts only the first {max_length} tokens were read"));
        }
    }
}
