//! Runs each job in a subprocess, so that peak memory can be measured and a crash affects only that
//! job.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::job::{Cache, Job, Record, WorkItem};
use super::measuring::{Measured, Measurement};
use super::worker::WorkerEvent;
use crate::models::checkpoint::SaveError;
use crate::report::study::{Outcome, Speed};

/// The worker program. It reads one work item from standard input and writes [`WorkerEvent`]s to
/// standard output, one JSON object per line.
#[derive(Debug, Clone)]
pub struct Program {
    /// The path of the program.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The number of threads per process; `None` for the process's default.
    pub threads: Option<usize>,
}

/// A progress event of a job. An index is the job's position in the list of jobs.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<'a> {
    /// The job starts.
    Begins {
        /// The index of the job.
        index: usize,
        /// The job.
        job: &'a Job,
        /// Whether its record is cached.
        is_cached: bool,
    },
    /// The worker reports progress.
    Goes {
        /// The index of the job.
        index: usize,
        /// The worker's event.
        event: WorkerEvent,
    },
    /// The job ended.
    Over {
        /// The index of the job.
        index: usize,
        /// The record of the run.
        record: &'a Record,
    },
}

/// Why runs stopped.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// A record cannot be saved.
    #[error("cannot save the record of a run: {0}")]
    Keep(#[from] SaveError),
    /// The user stopped the runs.
    #[error("stopped; finished runs are saved, and the same command resumes from there")]
    Stopped,
}

/// Runs work items in subprocesses, and caches their results.
#[derive(Debug, Clone)]
pub struct JobRunner {
    /// The worker program.
    pub program: Program,
    /// The cache of results.
    pub cache: Cache,
    /// The number of jobs to run in parallel.
    pub at_once: usize,
    /// Set to stop the active work items.
    pub stop: Arc<AtomicBool>,
    /// The folder for the best weights of the runs, each in a folder with the run's key; `None` to
    /// drop them.
    pub weights: Option<PathBuf>,
}

impl JobRunner {
    /// Runs the jobs that are not cached, `at_once` in parallel. Returns the records in the order
    /// of the jobs.
    ///
    /// # Errors
    ///
    /// A record cannot be saved, or `stop` is set; finished runs are saved in both cases. A failed
    /// job is not an error: its record has the reason.
    pub fn run(
        &self,
        jobs: &[Job],
        tell: &(dyn Fn(Event<'_>) + Sync),
    ) -> Result<Vec<Record>, RunnerError> {
        let waiting: Mutex<VecDeque<usize>> = Mutex::new((0..jobs.len()).collect());
        let records: Mutex<Vec<Option<Record>>> = Mutex::new(vec![None; jobs.len()]);
        let failed: Mutex<Option<RunnerError>> = Mutex::new(None);
        let next = || lock(&waiting).pop_front();
        let work = || {
            while let Some(index) = next() {
                if self.is_stopped() || lock(&failed).is_some() {
                    return;
                }
                let job = &jobs[index];
                let cached: Option<Record> = self.cache.get(job);
                tell(Event::Begins { index, job, is_cached: cached.is_some() });
                let record = match cached {
                    Some(record) => record,
                    None => {
                        let record = self.in_process(index, job, tell);
                        if self.is_stopped() && !record.outcome.is_final() {
                            return;
                        }
                        // A failed run may succeed when it is retried, so it is not cached.
                        if record.outcome.is_final()
                            && let Err(error) = self.cache.put(&record)
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
            for _ in 0..self.at_once.max(1) {
                scope.spawn(work);
            }
        });
        if let Some(error) = lock(&failed).take() {
            return Err(error);
        }
        let records = std::mem::take(&mut *lock(&records));
        records.into_iter().collect::<Option<Vec<Record>>>().ok_or(RunnerError::Stopped)
    }

    /// Runs a job again, whose record is cached, for its weights.
    ///
    /// # Errors
    ///
    /// The reason why it failed, or its results differ from the cached ones.
    pub fn again(&self, record: &Record, tell: &(dyn Fn(Event<'_>) + Sync)) -> Result<(), String> {
        let job = &record.job;
        tell(Event::Begins { index: 0, job, is_cached: false });
        let again = self.in_process(0, job, tell);
        tell(Event::Over { index: 0, record: &again });
        match again.outcome {
            Outcome::Failed { reason } => Err(reason),
            outcome if outcome == record.outcome => Ok(()),
            _ => Err("the run has other results than its cached record".into()),
        }
    }

    /// Runs a job in a subprocess.
    fn in_process(&self, index: usize, job: &Job, tell: &(dyn Fn(Event<'_>) + Sync)) -> Record {
        let mut record = None;
        let ended = process(
            &self.program,
            &WorkItem::Run {
                job: Box::new(job.clone()),
                weights: self
                    .weights
                    .as_ref()
                    .filter(|_| job.scored.test.is_some())
                    .map(|folder| folder.join(job.key())),
            },
            &self.stop,
            &mut |event| match event {
                WorkerEvent::Over(over) => record = Some(*over),
                event => tell(Event::Goes { index, event }),
            },
        );
        let failed = |reason: String| Record {
            job: job.clone(),
            outcome: Outcome::Failed { reason },
            curve: Vec::new(),
            seconds: 0.0,
            speed: Speed::default(),
        };
        match (record, ended) {
            (Some(record), Ok(_)) if record.job == *job => record,
            (Some(_), Ok(_)) => failed("the worker process ran another job".into()),
            (None, Ok(ended)) | (_, Err(ended)) => failed(ended),
        }
    }

    /// The cached result of a measurement, or a new one from a subprocess that runs alone with the
    /// default number of threads.
    ///
    /// # Errors
    ///
    /// The reason why the measurement failed.
    pub fn measure(&self, measurement: &Measurement) -> Result<Measured, String> {
        if let Some(measured) = self.cache.get(measurement) {
            return Ok(measured);
        }
        let mut result = None;
        let item = WorkItem::Measure(Box::new(measurement.clone()));
        let alone = Program { threads: None, ..self.program.clone() };
        let ended = process(&alone, &item, &self.stop, &mut |event| {
            if let WorkerEvent::Measured(measured) = event {
                result = Some(*measured);
            }
        })?;
        let measured: Measured = result.ok_or(ended)?;
        self.cache.put(&measured).map_err(|error| format!("cannot save a measurement: {error}"))?;
        Ok(measured)
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a work item in a subprocess. Returns a description of how the process ended.
fn process(
    program: &Program,
    item: &WorkItem,
    stop: &AtomicBool,
    on_event: &mut dyn FnMut(WorkerEvent),
) -> Result<String, String> {
    let mut command = Command::new(&program.path);
    if let Some(threads) = program.threads {
        // Rayon reads the first variable, OpenMP in LibTorch the second.
        let threads = threads.to_string();
        command.env("RAYON_NUM_THREADS", &threads).env("OMP_NUM_THREADS", &threads);
    }
    let child = command
        .args(&program.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.map_err(|error| format!("cannot start the worker process: {error}"))?;
    let ended = follow(&mut child, item, stop, on_event);
    if ended.is_err() {
        // The process may have exited already.
        let _ = child.kill();
        let _ = child.wait();
    }
    ended
}

/// Sends a work item to a process and receives its events. Returns a description of how it ended.
fn follow(
    child: &mut Child,
    item: &WorkItem,
    stop: &AtomicBool,
    on_event: &mut dyn FnMut(WorkerEvent),
) -> Result<String, String> {
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut input), Some(output), Some(mut errors)) = (input, output, errors) else {
        return Err("the worker process has no pipes".into());
    };
    let written = serde_json::to_string(item).map_err(|error| error.to_string())?;
    input.write_all(written.as_bytes()).map_err(|error| error.to_string())?;
    drop(input);
    // Reads standard error in a thread, so that a full pipe does not block the process.
    let stderr = std::thread::spawn(move || {
        let mut text = String::new();
        // Output that is not UTF-8 is ignored.
        let _ = errors.read_to_string(&mut text);
        text
    });
    for line in BufReader::new(output).lines() {
        let line = line.map_err(|error| error.to_string())?;
        if stop.load(Ordering::SeqCst) {
            return Err("the run was stopped".into());
        }
        match serde_json::from_str::<WorkerEvent>(&line) {
            Ok(event) => on_event(event),
            Err(error) => {
                return Err(format!("unexpected output of the worker process, {line:?}: {error}"));
            }
        }
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    let stderr = stderr.join().unwrap_or_default();
    let last = stderr.lines().map(str::trim).rfind(|line| !line.is_empty());
    Ok(format!("the worker process ended ({status}): {}", last.unwrap_or("no error output")))
}
