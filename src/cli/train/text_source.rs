//! Where the running text of a run comes from: a known data set, or the user's files.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::super::usage;
use super::args::{DataArgs, TrainArgs};
use super::prepare::absolute;
use super::test_text::moved;
use crate::datasets::encoded::Packing;
use crate::datasets::records::Format;
use crate::datasets::text::{TextFiles, TextFormat, TextSource};
use crate::models::families::Family;
use crate::train::{TextSettings, TrainSettings, ValidationSource};

/// Where the text of a run comes from.
#[derive(Debug, Clone)]
pub(super) enum LmSource {
    /// A known data set.
    Known(TextSource),
    /// The user's files.
    Files(TextSettings),
}

impl LmSource {
    /// The source of a run that is resumed, where its files are now.
    pub(super) fn moved(args: &TrainArgs, settings: &TrainSettings) -> Result<Self> {
        let mut source = Self::of_run(settings);
        match &mut source {
            Self::Files(text) => {
                moved(&args.text.files(), &mut text.files.files);
                move_validation(args, &mut text.validation)?;
            }
            Self::Known(_) => {
                let given = [&args.text.files(), &args.task.validation];
                if given.iter().any(|files| !files.is_empty()) {
                    return Err(usage(format!(
                        "the run is resumed with its own data, the data set {}; no text of it can \
                         have moved",
                        settings.data
                    )));
                }
            }
        }
        Ok(source)
    }

    /// The source of a run.
    pub(super) fn of_run(settings: &TrainSettings) -> Self {
        let known = TextSource::parse(&settings.data).ok().filter(|_| settings.text.is_none());
        match (known, &settings.text) {
            (Some(known), _) => Self::Known(known),
            (None, Some(text)) => Self::Files(text.clone()),
            // Older runs have one plain text, whatever its name is.
            (None, None) => {
                let files = TextFiles::new(vec![PathBuf::from(&settings.data)]);
                let files = TextFiles { format: TextFormat::Plain, ..files };
                let validation = ValidationSource::Share(0.1);
                Self::Files(TextSettings { files, validation, packing: Packing::Stream })
            }
        }
    }

    /// The name of the data set, or the first file.
    pub(super) fn data(&self) -> PathBuf {
        match self {
            Self::Known(known) => PathBuf::from(known.to_string()),
            Self::Files(text) => text.files.files.first().cloned().unwrap_or_default(),
        }
    }

    /// Puts the data of a run into its settings, with absolute paths: a run may be resumed in another
    /// working directory.
    pub(super) fn put_into(&self, settings: &mut TrainSettings) {
        settings.text = self.settings();
        settings.data = match self {
            Self::Known(known) => known.to_string(),
            Self::Files(_) => absolute(&self.data()),
        };
    }

    fn settings(&self) -> Option<TextSettings> {
        let all = |paths: &[PathBuf]| paths.iter().map(|path| absolute(path).into()).collect();
        match self {
            Self::Known(_) => None,
            Self::Files(text) => Some(TextSettings {
                files: TextFiles { files: all(&text.files.files), ..text.files.clone() },
                validation: match &text.validation {
                    ValidationSource::Files(paths) => ValidationSource::Files(all(paths)),
                    share => share.clone(),
                },
                packing: text.packing,
            }),
        }
    }
}

/// Where the validation data of a run are now, if they are moved.
pub(super) fn move_validation(args: &TrainArgs, validation: &mut ValidationSource) -> Result<()> {
    if args.task.validation.is_empty() {
        return Ok(());
    }
    match (args.task.validation().map_err(usage)?, validation) {
        (ValidationSource::Files(given), ValidationSource::Files(files)) => moved(&given, files),
        (given, of_run) if given == *of_run => {}
        _ => {
            return Err(usage(
                "--validation: a run is resumed with its own validation data; only files that were \
                 moved can be named",
            ));
        }
    }
    Ok(())
}

impl DataArgs {
    /// The files that are named as running text, in a run that is resumed those that were moved.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.text_file.iter().cloned().chain(self.data.iter().map(PathBuf::from)).collect()
    }
}

impl TrainArgs {
    /// The text of language modeling.
    ///
    /// # Errors
    ///
    /// A data set that does not exist, or more than one; flags that are for files.
    pub(super) fn source(&self) -> Result<LmSource, String> {
        let (text, column) = (&self.text, &self.task.columns.text_column);
        let known = match &text.data[..] {
            [] if text.text_file.is_empty() => Some(TextSource::Stories),
            [name] => match (TextSource::parse(name), Path::new(name)) {
                (Ok(known), path) if !path.is_file() => Some(known),
                (Err(error), path)
                    if !path.exists() && !name.contains(['*', '?', '[', '/', '.']) =>
                {
                    return Err(error.to_string());
                }
                _ => None,
            },
            _ => None,
        };
        if let Some(known) = known {
            let flags = [
                ("--documents", text.documents.is_some()),
                ("--packing", text.packing.is_some()),
                ("--text-column", column.is_some()),
                ("--validation", !self.task.validation.is_empty()),
            ];
            return match flags.into_iter().find(|(_, is_given)| *is_given) {
                Some((flag, _)) => Err(format!(
                    "{flag} is for texts of your own, with --text-file, or --data and a --task"
                )),
                None => Ok(LmSource::Known(known)),
            };
        }
        let has_rows = |name: &String| Format::of(Path::new(name)).is_some_and(Format::has_columns);
        if let Some(name) = text.data.iter().find(|name| has_rows(name))
            && column.is_none()
        {
            return Err(format!(
                "--data {name} is a file: choose a --task to learn from labeled texts, or give \
                 running text with --text-file"
            ));
        }
        Ok(LmSource::Files(TextSettings {
            files: TextFiles {
                documents: text.documents.unwrap_or_default(),
                column: column.clone(),
                ..TextFiles::new(text.files())
            },
            validation: self.task.validation()?,
            packing: text.packing.unwrap_or_default(),
        }))
    }
}

/// The default directory of a run on this data.
pub(super) fn default_out(args: &TrainArgs, data: &Path, family: &Family) -> PathBuf {
    let data = data.file_stem().unwrap_or_default().to_string_lossy();
    // A pattern such as texts/*.txt has no name.
    let data = data.replace(['*', '?', '[', ']'], "");
    let data = if data.is_empty() { "texts" } else { &data };
    let size = if args.init_from.is_some() { "tuned" } else { &args.size.size };
    PathBuf::from("runs").join(format!("{}-{size}-{data}", family.name()))
}
