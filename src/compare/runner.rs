//! Runs jobs, each in a process of its own: its memory can be measured, and what kills it kills nothing
//! else.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::job::{Cache, Job, Record, WorkItem};
use super::measuring::{Measured, Measurement};
use super::study::{Outcome, Speed};
use super::worker::WorkerEvent;
use crate::models::checkpoint::SaveError;

/// How a process that does one work item is started: it reads the work item from its standard input and tells
/// how it goes on its standard output, a line of JSON each.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program.
    pub path: PathBuf,
    /// What it is told.
    pub arguments: Vec<String>,
    /// Threads that each process computes with; as many as it likes where there is no number.
    pub threads: Option<usize>,
}

/// What becomes of jobs. An index is that of a job in the list that is done.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<'a> {
    /// It begins.
    Begins {
        /// Its index.
        index: usize,
        /// Which job.
        job: &'a Job,
        /// Whether its record is there already.
        is_cached: bool,
    },
    /// It goes on.
    Goes {
        /// Its index.
        index: usize,
        /// How.
        event: WorkerEvent,
    },
    /// It is over.
    Over {
        /// Its index.
        index: usize,
        /// What came of it.
        record: &'a Record,
    },
}

/// Why runs stopped.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// A record that cannot be kept.
    #[error("the record of a run is not kept: {0}")]
    Keep(#[from] SaveError),
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
            let cached: Option<Record> = cache.get(job);
            tell(Event::Begins { index, job, is_cached: cached.is_some() });
            let record = match cached {
                Some(record) => record,
                None => {
                    let record = in_process(program, (index, job), stop, tell);
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
            tell(Event::Over { index, record: &record });
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
    (index, job): (usize, &Job),
    stop: &AtomicBool,
    tell: &(dyn Fn(Event<'_>) + Sync),
) -> Record {
    let mut record = None;
    let ended =
        process(program, &WorkItem::Run(Box::new(job.clone())), stop, &mut |event| match event {
            WorkerEvent::Over(over) => record = Some(*over),
            event => tell(Event::Goes { index, event }),
        });
    let failed = |reason: String| Record {
        job: job.clone(),
        outcome: Outcome::Failed { reason },
        curve: Vec::new(),
        seconds: 0.0,
        speed: Speed::default(),
    };
    match (record, ended) {
        (Some(record), Ok(_)) if record.job == *job => record,
        (Some(_), Ok(_)) => failed("its process did another job".into()),
        (None, Ok(ended)) | (_, Err(ended)) => failed(ended),
    }
}

/// What was measured before, or is measured now in a process of its own, which nothing runs beside and
/// which takes the threads that it likes.
///
/// # Errors
///
/// Why there is no measurement.
pub fn measure(
    (program, cache): (&Program, &Cache),
    measurement: &Measurement,
    stop: &AtomicBool,
) -> Result<Measured, String> {
    if let Some(measured) = cache.get(measurement) {
        return Ok(measured);
    }
    let mut found = None;
    let item = WorkItem::Measure(Box::new(measurement.clone()));
    let alone = Program { threads: None, ..program.clone() };
    let ended = process(&alone, &item, stop, &mut |event| {
        if let WorkerEvent::Measured(measured) = event {
            found = Some(*measured);
        }
    })?;
    let measured: Measured = found.ok_or(ended)?;
    cache.put(&measured).map_err(|error| format!("cannot keep a measurement: {error}"))?;
    Ok(measured)
}

/// Does a work item in a process of its own; how it ended.
fn process(
    program: &Program,
    item: &WorkItem,
    stop: &AtomicBool,
    hear: &mut dyn FnMut(WorkerEvent),
) -> Result<String, String> {
    let mut command = Command::new(&program.path);
    if let Some(threads) = program.threads {
        // Both are what they look for: rayon, and OpenMP below LibTorch.
        let threads = threads.to_string();
        command.env("RAYON_NUM_THREADS", &threads).env("OMP_NUM_THREADS", &threads);
    }
    let child = command
        .args(&program.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.map_err(|error| format!("its process cannot be started: {error}"))?;
    let ended = follow(&mut child, item, stop, hear);
    if ended.is_err() {
        // It may be over already.
        let _ = child.kill();
        let _ = child.wait();
    }
    ended
}

/// Gives a process its work item and hears what it tells; how it ended.
fn follow(
    child: &mut Child,
    item: &WorkItem,
    stop: &AtomicBool,
    hear: &mut dyn FnMut(WorkerEvent),
) -> Result<String, String> {
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut input), Some(output), Some(mut errors)) = (input, output, errors) else {
        return Err("its process has no pipes".into());
    };
    let written = serde_json::to_string(item).map_err(|error| error.to_string())?;
    input.write_all(written.as_bytes()).map_err(|error| error.to_string())?;
    drop(input);
    // Read beside, so that a process which says a lot is not held up.
    let said = std::thread::spawn(move || {
        let mut text = String::new();
        // What is no text is of no use.
        let _ = errors.read_to_string(&mut text);
        text
    });
    for line in BufReader::new(output).lines() {
        let line = line.map_err(|error| error.to_string())?;
        if stop.load(Ordering::SeqCst) {
            return Err("it was stopped".into());
        }
        match serde_json::from_str::<WorkerEvent>(&line) {
            Ok(event) => hear(event),
            Err(error) => return Err(format!("its process said {line:?}: {error}")),
        }
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    let said = said.join().unwrap_or_default();
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty());
    Ok(format!("its process ended ({status}): {}", last.unwrap_or("it said nothing")))
}
