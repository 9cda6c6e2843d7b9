//! The same work in other libraries.

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zoo_bench::peer::{Peer, settle};
use zoo_bench::spread::Spread;

use crate::Args;
use crate::own::What;
use crate::shapes::Shape;

/// How another library runs a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// PyTorch in eager mode.
    Eager,
    /// PyTorch with `torch.compile` and fused AdamW.
    Compiled,
    /// candle, which has only one mode.
    #[value(skip)]
    Candle,
}

/// The comparison of a peer with a device.
#[derive(Serialize)]
pub(crate) struct Compared {
    pub(crate) mode: Mode,
    pub(crate) milliseconds: Spread,
    /// Its time divided by ours, per round: above 1, Burn Zoo is faster.
    pub(crate) ratio: Spread,
}

/// A peer's response.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Seconds(f64),
    Unsupported(String),
}

/// The requested peers.
pub(crate) struct Peers {
    peers: Vec<(Peer, Vec<Mode>)>,
}

impl Peers {
    /// Starts the peers.
    pub(crate) fn start(args: &Args) -> Result<Self> {
        let mut peers = Vec::new();
        if let Some(python) = &args.python {
            peers.push((Peer::script(python, "steps.py", &[])?, args.modes.clone()));
        }
        if let Some(candle) = &args.candle {
            peers.push((Peer::program(candle, &["steps"])?, vec![Mode::Candle]));
        }
        Ok(Self { peers })
    }

    /// The libraries of the peers.
    pub(crate) fn ready(&self) -> Vec<&str> {
        self.peers.iter().map(|(peer, _)| peer.ready()).collect()
    }

    /// A job for each peer in each supported mode, after unmeasured warm-up steps.
    pub(crate) fn jobs(&mut self, shape: Shape, what: What) -> Result<Jobs<'_>> {
        let config = shape.spec()?.config;
        let mut jobs = Vec::new();
        for (index, (peer, modes)) in self.peers.iter_mut().enumerate() {
            for &mode in modes.iter() {
                let question = json!({
                    "config": config, "rows": shape.rows, "length": shape.length, "what": what,
                    "mode": mode,
                });
                match peer.ask(&question)? {
                    Answer::Seconds(_) => {
                        jobs.push(Job { peer: index, mode, question, milliseconds: Vec::new() });
                    }
                    Answer::Unsupported(reason) => eprintln!("{}: {reason}", shape.name),
                }
            }
        }
        Ok(Jobs { peers: &mut self.peers, jobs })
    }
}

/// The jobs of one shape.
pub(crate) struct Jobs<'a> {
    peers: &'a mut [(Peer, Vec<Mode>)],
    jobs: Vec<Job>,
}

struct Job {
    /// The index of its peer.
    peer: usize,
    mode: Mode,
    question: Value,
    milliseconds: Vec<f64>,
}

impl Jobs<'_> {
    /// Runs one step of each job.
    pub(crate) fn step(&mut self) -> Result<()> {
        for job in &mut self.jobs {
            let (peer, _) = &mut self.peers[job.peer];
            settle();
            match peer.ask(&job.question)? {
                Answer::Seconds(seconds) => job.milliseconds.push(1e3 * seconds),
                Answer::Unsupported(reason) => bail!(reason),
            }
        }
        Ok(())
    }

    /// The comparisons of all jobs with our times of the same rounds.
    pub(crate) fn compared(&self, ours: &[f64]) -> Vec<Compared> {
        let compared = self.jobs.iter().map(|Job { mode, milliseconds, .. }| {
            let ratios = milliseconds.iter().zip(ours).map(|(theirs, ours)| theirs / ours);
            let ratio = Spread::of(&ratios.collect::<Vec<_>>());
            Compared { mode: *mode, milliseconds: Spread::of(milliseconds), ratio }
        });
        compared.collect()
    }
}
