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
pub(super) type Answer<'a, A> = &'a mut dyn FnMut(&[String]) -> Result<Vec<A>, PipelineError>;

/// Texts as they come.
pub(super) struct Texts {
    lines: Receiver<io::Result<Line>>,
    /// How many there are, where that is known.
    count: Option<usize>,
    empty: String,
    /// What JSON calls a text.
    name: &'static str,
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
                Ok(Texts::of_standard_input(empty))
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
        Self { lines, count: Some(texts.len()), empty: "there is no text".into(), name: "text" }
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
        Self { lines, count, empty, name: "text" }
    }

    /// Every line of standard input.
    pub(super) fn of_standard_input(empty: &str) -> Self {
        Self::read(io::BufReader::new(io::stdin()), None, empty.into())
    }

    /// The same texts, called something else in JSON.
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

    /// The answers to all texts, where none is of use before the last. A text that has no answer is
    /// named, and has `None`.
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

    /// Answers all texts, and prints what `show` makes of each answer in its turn. A text that has no
    /// answer is named, and the others are answered all the same.
    pub(super) fn answer<A>(
        self,
        global: &Global,
        answer: Answer<'_, A>,
        show: &dyn Fn(&str, A) -> Result<String>,
    ) -> Result<()> {
        let (bar, name) = (self.bar(global), self.name);
        let mut progress = Progress { global, bar, name, asked: 0, failed: 0 };
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
            (asked, failed) => Err(without_answer(failed, asked)),
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

/// What a verb ends with where some texts have no answer.
pub(super) fn without_answer(failed: usize, asked: usize) -> anyhow::Error {
    anyhow!("{failed} of {asked} texts have no answer")
}

/// An answer for each line, or the reason why there is none.
///
/// A bad text costs its own answer only: the others are answered together without it.
fn answers<A>(lines: &[Line], answer: Answer<'_, A>) -> Result<Vec<Result<A, String>>> {
    let mut found: Vec<Option<Result<A, String>>> = lines.iter().map(|_| None).collect();
    let mut open = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        match line {
            Ok(_) => open.push(place),
            Err(reason) => found[place] = Some(Err(reason.clone())),
        }
    }
    while !open.is_empty() {
        let texts: Vec<String> =
            open.iter().filter_map(|&place| lines[place].clone().ok()).collect();
        match answer(&texts) {
            Ok(answers) => {
                for (place, answer) in open.drain(..).zip(answers) {
                    found[place] = Some(Ok(answer));
                }
            }
            Err(PipelineError::Text { index, source }) if index < open.len() => {
                found[open.remove(index)] = Some(Err(source.to_string()));
            }
            Err(error) => return Err(asked(error)),
        }
    }
    let none = || Err("there is no answer".to_owned());
    Ok(found.into_iter().map(|answer| answer.unwrap_or_else(none)).collect())
}

/// An error of the asking, where it is one.
pub(super) fn asked(error: PipelineError) -> anyhow::Error {
    match error {
        PipelineError::Model(error) => error.into(),
        PipelineError::InvalidRequest(_) | PipelineError::Head(_) => usage(error),
        error => error.into(),
    }
}

/// What has been printed.
struct Progress<'a> {
    global: &'a Global,
    bar: ProgressBar,
    /// What JSON calls a text.
    name: &'static str,
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
            return self.print(&json!({ self.name: text, "error": reason }).to_string());
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
