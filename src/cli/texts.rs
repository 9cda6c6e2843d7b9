//! Shared by the subcommands that process texts: the input of texts and the output of results.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};

use anyhow::{Context, Result, anyhow};
use indicatif::ProgressBar;
use serde_json::json;

use super::{Global, complain, usage};
use crate::datasets::text::without_byte_order_mark;
use crate::pipeline::PipelineError;

/// Texts per call of the pipeline, which batches texts of similar length.
const TOGETHER: usize = 128;

/// The input texts.
#[derive(clap::Args)]
pub(super) struct TextArgs {
    /// Texts; `-` or no text reads standard input, one text per line
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
    /// A file with one text per line
    #[arg(long, value_name = "FILE", conflicts_with = "texts")]
    file: Option<PathBuf>,
}

/// The text of a line, or the reason why the line is invalid.
type Line = Result<String, String>;

/// Computes the results of some texts, in order.
pub(super) type Answer<'a, A> = &'a mut dyn FnMut(&[String]) -> Result<Vec<A>, PipelineError>;

/// A stream of texts.
pub(super) struct Texts {
    lines: Receiver<io::Result<Line>>,
    /// The number of texts, if it is known.
    count: Option<usize>,
    empty: String,
    /// The JSON field of a text.
    name: &'static str,
}

impl TextArgs {
    /// Starts reading the texts.
    pub(super) fn texts(&self) -> Result<Texts> {
        match (&self.file, self.texts.as_slice()) {
            (Some(path), _) => {
                let cannot = || format!("cannot read {}", path.display());
                let bytes = std::fs::read(path).with_context(cannot);
                let bytes = bytes.map_err(|error| usage(format!("{error:#}")))?;
                let count = io::Cursor::new(&bytes).split(b'\n').count();
                let empty = format!("{} contains no text", path.display());
                Ok(Texts::read(io::Cursor::new(bytes), Some(count), empty))
            }
            (None, texts) if texts.is_empty() || texts == ["-"] => {
                let empty = "there is no text on standard input; pass a TEXT or --file FILE";
                Ok(Texts::of_standard_input(empty))
            }
            (None, texts) => Ok(Texts::known(texts)),
        }
    }
}

impl Texts {
    /// Texts that are already in memory.
    pub(super) fn known(texts: &[String]) -> Self {
        let (send, lines) = sync_channel(texts.len());
        for text in texts {
            // Cannot fail: the channel has room for all texts, and its receiver is alive.
            let _ = send.try_send(Ok(Ok(text.clone())));
        }
        Self { lines, count: Some(texts.len()), empty: "there is no text".into(), name: "text" }
    }

    /// Reads lines in a background thread, so that lines that have arrived are processed together
    /// without waiting for later ones.
    fn read(source: impl BufRead + Send + 'static, count: Option<usize>, empty: String) -> Self {
        let (send, lines) = sync_channel(4 * TOGETHER);
        std::thread::spawn(move || {
            for (index, bytes) in source.split(b'\n').enumerate() {
                let line = bytes.map(|mut bytes| {
                    bytes.pop_if(|last| *last == b'\r');
                    if index == 0 {
                        bytes = without_byte_order_mark(&bytes).to_vec();
                    }
                    String::from_utf8(bytes).map_err(|_| "the line is not UTF-8".to_owned())
                });
                if send.send(line).is_err() {
                    return; // The receiver was dropped.
                }
            }
        });
        Self { lines, count, empty, name: "text" }
    }

    /// Every line of standard input.
    pub(super) fn of_standard_input(empty: &str) -> Self {
        Self::read(io::BufReader::new(io::stdin()), None, empty.into())
    }

    /// The same texts with another name for the JSON field.
    pub(super) fn called(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// The next lines, at least one; `None` after the last.
    fn next(&self) -> Result<Option<Vec<Line>>> {
        let Ok(first) = self.lines.recv() else { return Ok(None) };
        let others = self.lines.try_iter().take(TOGETHER - 1);
        let lines: io::Result<Vec<Line>> = std::iter::once(first).chain(others).collect();
        Ok(Some(lines.context("cannot read the texts")?))
    }

    /// All texts.
    pub(super) fn all(self) -> Result<Vec<String>> {
        let mut texts = Vec::new();
        while let Some(lines) = self.next()? {
            for line in lines {
                let number = texts.len() + 1;
                texts.push(line.map_err(|reason| usage(format!("text {number}: {reason}")))?);
            }
        }
        if texts.is_empty() { Err(usage(self.empty)) } else { Ok(texts) }
    }

    /// The results of all texts at once. A text that failed is reported, and its result is `None`.
    pub(super) fn answer_together<A>(self, answer: Answer<'_, A>) -> Result<Vec<Option<A>>> {
        let mut lines = Vec::new();
        while let Some(more) = self.next()? {
            lines.extend(more);
        }
        if lines.is_empty() {
            return Err(usage(self.empty));
        }
        let name = |(index, answer): (usize, Result<A, String>)| {
            answer.map_err(|reason| complain(&format!("text {}: {reason}", index + 1))).ok()
        };
        Ok(answers(&lines, answer)?.into_iter().enumerate().map(name).collect())
    }

    /// Processes all texts, and prints each result, formatted by `show`, in order. A text that
    /// failed is reported, and the others are still processed.
    pub(super) fn answer<A>(
        self,
        global: &Global,
        answer: Answer<'_, A>,
        show: &dyn Fn(&str, A) -> Result<String>,
    ) -> Result<()> {
        let (bar, name) = (self.bar(global), self.name);
        let mut progress = Progress { global, bar, name, total: 0, failed: 0 };
        while let Some(lines) = self.next()? {
            for (line, answer) in lines.iter().zip(answers(&lines, answer)?) {
                let text = line.as_deref().unwrap_or_default();
                match answer {
                    Ok(answer) => progress.print(&show(text, answer)?)?,
                    // For a single text, the reason is the whole error message.
                    Err(reason) if self.count == Some(1) && !global.json => {
                        return Err(anyhow!(reason));
                    }
                    Err(reason) => progress.fail(text, &reason)?,
                }
            }
        }
        progress.bar.finish_and_clear();
        match (progress.total, progress.failed) {
            (0, _) => Err(usage(self.empty)),
            (_, 0) => Ok(()),
            (total, failed) => Err(without_answer(failed, total)),
        }
    }

    fn bar(&self, global: &Global) -> ProgressBar {
        match self.count {
            Some(0 | 1) => ProgressBar::hidden(),
            Some(count) => global.bar(count as u64, "texts"),
            None if io::stdin().is_terminal() => {
                global.note("reading texts from the terminal, one per line");
                ProgressBar::hidden()
            }
            None => global.spinner("waiting for texts".into()),
        }
    }
}

/// The error of a subcommand if some texts failed.
pub(super) fn without_answer(failed: usize, total: usize) -> anyhow::Error {
    anyhow!("{failed} of {total} texts failed")
}

/// A result for each line, or the reason why it failed.
///
/// An invalid text fails alone: the others are processed again without it.
fn answers<A>(lines: &[Line], answer: Answer<'_, A>) -> Result<Vec<Result<A, String>>> {
    let mut found: Vec<Option<Result<A, String>>> = lines.iter().map(|_| None).collect();
    let mut open = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        match line {
            Ok(_) => open.push(index),
            Err(reason) => found[index] = Some(Err(reason.clone())),
        }
    }
    while !open.is_empty() {
        let texts: Vec<String> =
            open.iter().filter_map(|&index| lines[index].clone().ok()).collect();
        match answer(&texts) {
            Ok(answers) => {
                for (index, answer) in open.drain(..).zip(answers) {
                    found[index] = Some(Ok(answer));
                }
            }
            Err(PipelineError::Text { index, source }) if index < open.len() => {
                found[open.remove(index)] = Some(Err(source.to_string()));
            }
            Err(error) => return Err(as_usage(error)),
        }
    }
    let none = || Err("there is no result".to_owned());
    Ok(found.into_iter().map(|answer| answer.unwrap_or_else(none)).collect())
}

/// Maps errors that the user caused to usage errors.
pub(super) fn as_usage(error: PipelineError) -> anyhow::Error {
    match error {
        PipelineError::Model(error) => error.into(),
        PipelineError::InvalidRequest(_) | PipelineError::Head(_) => usage(error),
        error => error.into(),
    }
}

/// Prints results and counts them.
struct Progress<'a> {
    global: &'a Global,
    bar: ProgressBar,
    /// The JSON field of a text.
    name: &'static str,
    total: usize,
    failed: usize,
}

impl Progress<'_> {
    fn print(&mut self, answer: &str) -> Result<()> {
        self.total += 1;
        if self.bar.length().is_some() {
            self.bar.inc(1);
        } else {
            self.bar.set_message(format!("{} texts", self.total));
        }
        let write = || -> io::Result<()> {
            // Colors only on a terminal.
            let mut out = anstream::stdout().lock();
            writeln!(out, "{answer}")?;
            out.flush()
        };
        Ok(self.bar.suspend(write)?)
    }

    fn fail(&mut self, text: &str, reason: &str) -> Result<()> {
        self.failed += 1;
        let number = self.total + 1;
        self.bar.suspend(|| complain(&format!("text {number}: {reason}")));
        if self.global.json {
            return self.print(&json!({ self.name: text, "error": reason }).to_string());
        }
        self.total += 1;
        Ok(())
    }
}

impl Global {
    /// Prints how many texts were truncated.
    pub(super) fn note_cut(&self, cut: usize, max_length: usize) {
        if cut > 0 {
            self.note(&format!("texts truncated to the first {max_length} tokens: {cut}"));
        }
    }
}
