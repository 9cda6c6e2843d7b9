//! Resolves the MODEL argument, a directory or a name on the Hub, and the dtype.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use burn::tensor::Device;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{DtypeArg, Global, usage};
use crate::models::checkpoint::LoadError;
use crate::models::checkpoint::hub::{
    self, Artifact, HubError, HubEvent, ModelId, Settings, Snapshot,
};
use crate::models::precision::Precision;
use crate::system::bytes;

/// The model argument.
#[derive(Args)]
pub(super) struct ModelArg {
    /// A directory in Hugging Face's layout, such as a run of `zoo train`, or a model on the Hub:
    /// org/name, or org/name@revision
    #[arg(value_name = "MODEL")]
    pub(super) model: PathBuf,
    /// Branch, tag or commit of a model on the Hub [default: main]
    #[arg(long, value_name = "REVISION")]
    revision: Option<String>,
}

/// The model argument and the dtype that it computes in.
#[derive(Args)]
pub(super) struct ModelArgs {
    #[command(flatten)]
    pub(super) model: ModelArg,
    #[command(flatten)]
    pub(super) dtype: DtypeArg,
}

/// Opens a model's directory on a device, in a dtype.
pub(super) type Open<'a, M> = &'a dyn Fn(&Path, &Device, Precision) -> Result<M>;

impl ModelArgs {
    /// Opens the model; downloads files that are not cached.
    pub(super) fn open<M>(&self, global: &Global, open: Open<'_, M>) -> Result<M> {
        let device = global.device()?;
        let precision = self.dtype.on(global, &device)?;
        let folder = self.model.folder(global)?;
        let spinner = global.spinner(format!("loading {}", self.model.model.display()));
        let opened = open(&folder, &device, precision);
        spinner.finish_and_clear();
        opened
    }

    /// Another model, given by a flag, in the same dtype.
    pub(super) fn beside(&self, model: &Path) -> Self {
        let model = ModelArg { model: model.to_path_buf(), revision: None };
        Self { model, dtype: self.dtype }
    }
}

impl ModelArg {
    /// The model's directory; downloads files that are not cached.
    pub(super) fn folder(&self, global: &Global) -> Result<PathBuf> {
        let Some(id) = hub_id(&self.model, self.revision.as_deref())? else {
            return Ok(self.model.clone());
        };
        Ok(fetch(global, &id, Artifact::Model)?.folder)
    }
}

/// The directory of a model given by a flag.
pub(super) fn model_folder(global: &Global, model: &Path) -> Result<PathBuf> {
    match hub_id(model, None)? {
        Some(id) => Ok(fetch(global, &id, Artifact::Model)?.folder),
        None => Ok(model.to_path_buf()),
    }
}

/// The model's Hub id; `None` if the argument is a directory.
pub(super) fn hub_id(model: &Path, revision: Option<&str>) -> Result<Option<ModelId>> {
    let id = model.to_str().and_then(|text| text.parse::<ModelId>().ok());
    match (id.filter(|_| !model.exists()), revision) {
        (Some(id), Some(revision)) => id.at(revision).map(Some).map_err(usage),
        (Some(id), None) => Ok(Some(id)),
        (None, None) => Ok(None),
        (None, Some(_)) => {
            let (name, what) =
                (model.display(), if model.exists() { "a directory" } else { "not a Hub id" });
            Err(usage(format!("--revision is for models on the Hub, and {name} is {what}")))
        }
    }
}

/// Downloads a model and prints its commit.
pub(super) fn fetch(global: &Global, id: &ModelId, artifact: Artifact) -> Result<Snapshot> {
    let mut shown = Shown { global, bar: ProgressBar::hidden() };
    let found = hub::fetch(id, artifact, &Settings::from_env(), &mut |event| shown.event(event));
    shown.bar.finish_and_clear();
    let snapshot = found.map_err(|error| refused(id, error))?;
    if id.commit().is_none() {
        let (name, commit) = (id.name(), &snapshot.commit);
        global.note(&format!("{} is commit {commit}; {name}@{commit} pins it", id));
    }
    Ok(snapshot)
}

/// Maps a Hub error to a usage error where it is one. The argument may be a misspelled directory.
fn refused(id: &ModelId, error: HubError) -> anyhow::Error {
    let path = PathBuf::from(id.to_string());
    match &error {
        HubError::Unreachable { .. } => anyhow!("there is no directory {id}, and {error}"),
        error if error.is_usage_error() => {
            let reason = format!("no such directory; on the Hub: {error}");
            LoadError::NotAModel { path, reason }.into()
        }
        _ => error.into(),
    }
}

/// Displays the progress of a download.
struct Shown<'a> {
    global: &'a Global,
    bar: ProgressBar,
}

impl Shown<'_> {
    fn event(&mut self, event: HubEvent<'_>) {
        match event {
            HubEvent::File { name, bytes: size } => {
                if self.global.quiet {
                    return;
                }
                if !io::stderr().is_terminal() {
                    self.global.note(&format!("downloading {name}, {}", bytes(size)));
                    return;
                }
                let style = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}, {eta}";
                let style = ProgressStyle::with_template(style)
                    .unwrap_or_else(|_| ProgressStyle::default_bar());
                self.bar = ProgressBar::new(size).with_style(style).with_message(name.to_string());
            }
            HubEvent::Bytes(here) => self.bar.set_position(here),
            HubEvent::Done => self.bar.finish_and_clear(),
            HubEvent::Cached { reason } => {
                self.global.note(&format!("using the cached copy: {reason}"));
            }
        }
    }
}
