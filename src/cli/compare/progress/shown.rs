//! Displays the progress of the runs.

use std::io::{IsTerminal, Stderr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ratatui::backend::CrosstermBackend;
use ratatui::widgets::{Paragraph, Widget};
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::state::State;
use super::view;
use crate::cli::Global;
use crate::compare::job::Job;
use crate::compare::measuring::{Measurement, What};
use crate::compare::plan::Plan;
use crate::compare::runner::Event;

/// A live view of all runs, below one line for each finished run; only lines without a terminal.
pub(in crate::cli::compare) struct Shown {
    global: Global,
    inner: Mutex<Inner>,
}

struct Inner {
    state: State,
    live: Option<Live>,
    /// The time of the last printed line.
    last_line: Instant,
}

/// The live view at the bottom of a terminal.
struct Live {
    terminal: Terminal<CrosstermBackend<Stderr>>,
    has_colors: bool,
    drawn: Option<Instant>,
}

/// Minimum time between redraws of the live view.
const REFRESH: Duration = Duration::from_millis(100);

/// Without a live view, the time without output after which a progress line is printed.
const SILENCE: Duration = Duration::from_secs(30);

impl Shown {
    pub(in crate::cli::compare) fn new(global: &Global, plan: &Plan, at_once: usize) -> Self {
        let state = State::new(plan);
        // The cursor position is queried through standard output.
        let is_terminal = std::io::stdin().is_terminal()
            && std::io::stdout().is_terminal()
            && std::io::stderr().is_terminal();
        let live = (is_terminal && !global.quiet).then(|| Live::new(&state, at_once)).flatten();
        Self {
            global: global.clone(),
            inner: Mutex::new(Inner { state, live, last_line: Instant::now() }),
        }
    }

    pub(in crate::cli::compare) fn event(&self, event: Event<'_>) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let message = inner.state.event(event);
        self.show(&mut inner, message.as_deref());
    }

    /// Adds jobs to those that are planned.
    pub(in crate::cli::compare) fn adds(&self, jobs: &[Job]) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).state.adds(jobs);
    }

    /// Shows that a measurement has started.
    pub(in crate::cli::compare) fn measures(&self, measurement: &Measurement) {
        let Measurement { architecture, what, length, .. } = measurement;
        let what = match what {
            What::Training => "training",
            What::Reading => "forward pass",
            What::Writing => "decoding",
        };
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.state.measures = Some(format!("{what} of {architecture} at {length} tokens"));
        self.show(&mut inner, None);
    }

    pub(in crate::cli::compare) fn note(&self, text: &str) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        self.show(&mut inner, Some(text));
    }

    fn show(&self, inner: &mut Inner, message: Option<&str>) {
        let Inner { state, live, last_line } = inner;
        if let Some(live) = live {
            live.show(state, message);
        } else if let Some(line) = line(message, || state.report(), last_line.elapsed()) {
            *last_line = Instant::now();
            self.global.note(&line);
        }
    }

    /// Clears the live view and keeps the lines.
    pub(in crate::cli::compare) fn finish(&self) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut live) = inner.live.take() {
            // Errors are ignored: a closed terminal needs no cleanup.
            let top = live.terminal.get_frame().area().as_position();
            let _ = live.terminal.clear();
            let _ = live.terminal.set_cursor_position(top);
            let _ = live.terminal.show_cursor();
        }
    }
}

/// The line to print without a live view, `silence` after the previous one.
fn line(
    message: Option<&str>,
    report: impl FnOnce() -> String,
    silence: Duration,
) -> Option<String> {
    message.map(str::to_string).or_else(|| (silence >= SILENCE).then(report))
}

impl Live {
    /// `None` if the terminal does not respond.
    fn new(state: &State, at_once: usize) -> Option<Self> {
        let (_, screen) = ratatui::crossterm::terminal::size().ok()?;
        let viewport = Viewport::Inline(view::height(state, at_once, screen));
        let backend = CrosstermBackend::new(std::io::stderr());
        let terminal = Terminal::with_options(backend, TerminalOptions { viewport }).ok()?;
        let has_colors = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Some(Self { terminal, has_colors, drawn: None })
    }

    fn show(&mut self, state: &State, message: Option<&str>) {
        // Errors are ignored: the runs continue without a display.
        if let Some(message) = message {
            let width = self.terminal.size().map_or(80, |size| size.width).max(1);
            let lines = message.chars().count().div_ceil(usize::from(width)).max(1) as u16;
            let text =
                Paragraph::new(message.to_string()).wrap(ratatui::widgets::Wrap { trim: false });
            let _ = self.terminal.insert_before(lines, |buffer| text.render(buffer.area, buffer));
        }
        if message.is_some() || self.drawn.is_none_or(|drawn| drawn.elapsed() > REFRESH) {
            self.drawn = Some(Instant::now());
            let has_colors = self.has_colors;
            let _ = self.terminal.draw(|frame| view::draw(frame, state, has_colors));
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::compare::job::Record;
    use crate::compare::spec::Spec;
    use crate::compare::worker::WorkerEvent;
    use crate::datasets::locate::SearchPath;
    use crate::report::study::{CurvePoint, Outcome, Speed};

    fn plan() -> Plan {
        let text = "architectures = ['gpt2', 'lstm']\ntasks = ['sort']\nsize = '8k'\nrates = [1e-3]\nseeds = 2";
        let spec: Spec = toml::from_str(text).unwrap();
        Plan::new(spec, &SearchPath::default(), "flex").unwrap()
    }

    fn record(job: &Job, test: f64) -> Record {
        let outcome = Outcome::Finished { test, validation: test, secondary: Vec::new() };
        Record {
            job: job.clone(),
            outcome,
            curve: Vec::new(),
            seconds: 1.0,
            speed: Speed::default(),
        }
    }

    fn point(step: usize, score: f64) -> WorkerEvent {
        WorkerEvent::Point(CurvePoint {
            step,
            tokens: 0,
            flops: 0.0,
            seconds: 0.0,
            train_loss: None,
            validation: Some(score),
        })
    }

    fn drawn(state: &State) -> String {
        let mut terminal = Terminal::new(TestBackend::new(90, 14)).unwrap();
        terminal.draw(|frame| view::draw(frame, state, false)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn all_runs_are_seen_at_once() {
        let plan = plan();
        let mut state = State::new(&plan);
        assert_eq!((state.total, state.share()), (4, 0.0));
        let jobs: Vec<Job> = plan
            .candidates
            .iter()
            .flat_map(|of| plan.seeds().into_iter().map(|seed| plan.run(of, seed, 1e-3)))
            .collect();
        // The first run is cached, the second is running.
        state.event(Event::Begins { index: 0, job: &jobs[0], is_cached: true });
        let message = state.event(Event::Over { index: 0, record: &record(&jobs[0], 12.5) });
        assert_eq!((message, state.share()), (None, 0.25));
        state.event(Event::Begins { index: 1, job: &jobs[1], is_cached: false });
        for (step, score) in [(100, 10.0), (500, 80.0)] {
            state.event(Event::Goes { index: 1, event: point(step, score) });
        }
        state.event(Event::Goes { index: 1, event: WorkerEvent::Step { done: 0.5, loss: 0.123 } });
        assert_eq!(state.share(), 0.375);
        let seen = drawn(&state);
        for part in ["12.500 (1)", "gpt2 on sort, seed 1", "loss 0.123", "1 of 4 runs", "83.500"] {
            assert!(seen.contains(part), "{part} is not in\n{seen}");
        }
        // Cached runs are excluded from the estimate of the remaining time.
        assert!(state.left().is_some());
        let report = state.report();
        for part in ["1 of 4 runs, ", " left; gpt2 on sort, seed 1: 50 %, loss 0.123"] {
            assert!(report.contains(part), "{part} is not in {report}");
        }
        let printed = |message, silence| line(message, || report.clone(), silence);
        assert_eq!(printed(None, SILENCE / 2), None);
        assert_eq!(printed(None, SILENCE), Some(report.clone()));
        assert_eq!(printed(Some("ended"), SILENCE).as_deref(), Some("ended"));
        let message = state.event(Event::Over { index: 1, record: &record(&jobs[1], 87.5) });
        assert_eq!(message.as_deref(), Some("[2/4] gpt2 on sort, seed 1: 87.500 after 1 s"));
        assert!(drawn(&state).contains("50.000 (2)"));
        let lost = Outcome::Diverged { step: 3, reason: "the loss became NaN or infinite".into() };
        let lost = Record { outcome: lost, ..record(&jobs[2], 0.0) };
        state.event(Event::Begins { index: 2, job: &jobs[2], is_cached: false });
        let message = state.event(Event::Over { index: 2, record: &lost }).unwrap();
        assert!(message.contains("lstm") && message.contains("diverged at step 3"), "{message}");
        assert!(drawn(&state).contains("⚠1"));
    }
}
