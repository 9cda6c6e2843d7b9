//! Runs jobs, each in a process of its own: its memory can be measured, and what kills it kills nothing
//! else.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::job::{Cache, Job, Record};
use super::study::{Outcome, Speed};
use super::worker::Told;

/// How a process that does one job is started: it reads the job from its standard input and tells how
/// it goes on its standard output, a line of JSON each.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program.
    pub path: PathBuf,
    /// What it is told.
    pub arguments: Vec<String>,
}

/// What becomes of jobs.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<'a> {
    /// It begins; `is_cached` where it was done before.
    Begins {
        /// Which job.
        job: &'a Job,
        /// Whether its record is there already.
        is_cached: bool,
    },
    /// It goes on.
    Goes(&'a Job, Told),
    /// It is over.
    Over(&'a Record),
}

/// Why runs stopped.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// A record that cannot be kept.
    #[error("cannot keep the record of a run: {0}")]
    Keep(std::io::Error),
    /// The user stopped it.
    #[error("stopped; what is done is kept, and the same command goes on from there")]
    Stopped,
}

/// Does the jobs that the cache does not have, so many at once; their records, in the order of the jobs.
///
/// # Errors
///
/// A record that cannot be kept, or `stop` is set: what is done is kept in both cases. A job that fails
/// is no error: its record says so.
pub fn run(
    (program, cache): (&Program, &Cache),
    jobs: &[Job],
    (at_once, stop): (usize, &AtomicBool),
    tell: &(dyn Fn(Event<'_>) + Sync),
) -> Result<Vec<Record>, RunnerError> {
    let waiting: Mutex<VecDeque<usize>> = Mutex::new((0..jobs.len()).collect());
    let records: Mutex<Vec<Option<Record>>> = Mutex::new(vec![None; jobs.len()]);
    let failed: Mutex<Option<RunnerError>> = Mutex::new(None);
    let next = || lock(&waiting).pop_front();
    let work = || {
        while let Some(index) = next() {
            if stop.load(Ordering::SeqCst) || lock(&failed).is_some() {
                return;
            }
            let job = &jobs[index];
            let cached = cache.get(job);
            tell(Event::Begins { job, is_cached: cached.is_some() });
            let record = match cached {
                Some(record) => record,
                None => {
                    let record = in_process(program, job, stop, tell);
                    if stop.load(Ordering::SeqCst) && !record.outcome.is_final() {
                        return;
                    }
                    // What failed may be mended by another try, so it is not kept.
                    if record.outcome.is_final()
                        && let Err(error) = cache.put(&record)
                    {
                        *lock(&failed) = Some(RunnerError::Keep(error));
                        return;
                    }
                    record
                }
            };
            tell(Event::Over(&record));
            lock(&records)[index] = Some(record);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..at_once.max(1) {
            scope.spawn(work);
        }
    });
    if let Some(error) = lock(&failed).take() {
        return Err(error);
    }
    let records = std::mem::take(&mut *lock(&records));
    records.into_iter().collect::<Option<Vec<Record>>>().ok_or(RunnerError::Stopped)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does a job in a process of its own.
fn in_process(
    program: &Program,
    job: &Job,
    stop: &AtomicBool,
    tell: &(dyn Fn(Event<'_>) + Sync),
) -> Record {
    let failed = |reason: String| Record {
        job: job.clone(),
        outcome: Outcome::Failed { reason },
        curve: Vec::new(),
        seconds: 0.0,
        speed: Speed::default(),
    };
    let child = Command::new(&program.path)
        .args(&program.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => return failed(format!("its process cannot be started: {error}")),
    };
    match follow(&mut child, job, stop, tell) {
        Ok(record) => record,
        Err(reason) => {
            // It may be over already.
            let _ = child.kill();
            let _ = child.wait();
            failed(reason)
        }
    }
}

/// Gives a process its job and hears what it tells; why it ended, if it told no record.
fn follow(
    child: &mut Child,
    job: &Job,
    stop: &AtomicBool,
    tell: &(dyn Fn(Event<'_>) + Sync),
) -> Result<Record, String> {
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut input), Some(output), Some(mut errors)) = (input, output, errors) else {
        return Err("its process has no pipes".into());
    };
    let written = serde_json::to_string(job).map_err(|error| error.to_string())?;
    input.write_all(written.as_bytes()).map_err(|error| error.to_string())?;
    drop(input);
    // Read beside, so that a process which says a lot is not held up.
    let said = std::thread::spawn(move || {
        let mut text = String::new();
        // What is no text is of no use.
        let _ = errors.read_to_string(&mut text);
        text
    });
    let mut found = None;
    for line in BufReader::new(output).lines() {
        let line = line.map_err(|error| error.to_string())?;
        if stop.load(Ordering::SeqCst) {
            return Err("it was stopped".into());
        }
        match serde_json::from_str::<Told>(&line) {
            Ok(Told::Over(record)) => found = Some(*record),
            Ok(told) => tell(Event::Goes(job, told)),
            Err(error) => return Err(format!("its process said {line:?}: {error}")),
        }
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    let said = said.join().unwrap_or_default();
    match found {
        Some(record) if record.job == *job => Ok(record),
        Some(_) => Err("its process did another job".into()),
        None => {
            let last = said.lines().map(str::trim).rfind(|line| !line.is_empty());
            Err(format!("its process ended ({status}): {}", last.unwrap_or("it said nothing")))
        }
    }
}
