//! Images to classes.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};

use super::image::{ImageReader, PREPROCESSOR_FILE, Picture};
use super::scores::{best, sigmoid, softmax};
use super::{LabelScore, PipelineError, Scoring};
use crate::models::arch::Input;
use crate::models::checkpoint::{self, LoadDtype, Model, ModelInput, ModelSpec, TaskRequirement};
use crate::models::families::{Architecture, Task};
use crate::models::layers::patches::{ImageSizes, PatchConfig};
use crate::models::precision::Precision;

/// Images of one forward pass.
const BATCH: usize = 16;

/// Names what an image shows.
#[derive(Debug)]
pub struct ImageClassifier {
    model: Model,
    reader: ImageReader,
    labels: Vec<String>,
    scoring: Scoring,
    patches: PatchConfig,
    /// Height and width of what the model reads; `None` where it reads images of any.
    size: Option<[usize; 2]>,
    device: Device,
}

/// A picture as the model sees it.
struct Prepared {
    pixels: Vec<f32>,
    /// Height and width.
    size: [usize; 2],
}

impl ImageClassifier {
    /// Opens a model's directory, with its `preprocessor_config.json`.
    ///
    /// # Errors
    ///
    /// Files that cannot be read or followed; a model that names no classes of images.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let (spec, patches) = spec_of(folder, device)?;
        let reader = ImageReader::read(folder, spec.family.name())?;
        let is_read = |size| match patches.sizes {
            ImageSizes::Any => patches.check_size(size),
            ImageSizes::OnRequest if size == patches.image => Ok(()),
            ImageSizes::OnRequest => Err(format!(
                "the model reads {}; another size is for --image-size",
                shown(patches.image)
            )),
        };
        if let Some(found) = reader.size() {
            let path = folder.join(PREPROCESSOR_FILE);
            is_read(found).map_err(|reason| {
                let reason = format!("it makes {}, and {reason}", shown(found));
                PipelineError::File { path, reason }
            })?;
        }
        let size = match patches.sizes {
            ImageSizes::Any => None,
            ImageSizes::OnRequest => Some(patches.image),
        };
        Self::load(folder, (spec, patches), (reader, size), device)
    }

    /// Opens a model for images of another height and width than its config's: pictures are resized to it as a
    /// whole, and position embeddings are interpolated.
    ///
    /// # Errors
    ///
    /// See [`ImageClassifier::open`]; a size that holds no patch, or that the model's positions cannot be
    /// interpolated to.
    pub fn open_sized(
        folder: &Path,
        size: [usize; 2],
        device: &Device,
    ) -> Result<Self, PipelineError> {
        let (spec, patches) = spec_of(folder, device)?;
        patches.check_size(size).map_err(PipelineError::InvalidRequest)?;
        let reader = ImageReader::read(folder, spec.family.name())?;
        let reader = reader.resizing_to(size).map_err(PipelineError::InvalidRequest)?;
        Self::load(folder, (spec, patches), (reader, Some(size)), device)
    }

    fn load(
        folder: &Path,
        (spec, patches): (ModelSpec, PatchConfig),
        (reader, size): (ImageReader, Option<[usize; 2]>),
        device: &Device,
    ) -> Result<Self, PipelineError> {
        let labels = spec.labels.clone();
        let scoring = Scoring::of(&spec);
        let model = checkpoint::load_as(folder, spec, (device, LoadDtype::Checkpoint))?.model;
        Ok(Self { model, reader, labels, scoring, patches, size, device: device.clone() })
    }

    /// The same model in another format; see [`Model::cast`].
    pub fn cast(self, precision: Precision) -> Self {
        Self { model: self.model.cast(precision), ..self }
    }

    /// The names of all classes.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// How scores are read.
    pub fn scoring(&self) -> Scoring {
        self.scoring
    }

    /// The same model with scores that are read in another way.
    pub fn with_scoring(self, scoring: Scoring) -> Self {
        Self { scoring, ..self }
    }

    /// The classes of each picture, the likeliest first, at most `top_k` of them.
    ///
    /// # Errors
    ///
    /// A picture that cannot be brought to the model's size; a device that fails.
    pub fn classify(
        &self,
        pictures: &[Picture],
        top_k: usize,
    ) -> Result<Vec<Vec<LabelScore>>, PipelineError> {
        let mut classes = Vec::with_capacity(pictures.len());
        for batch in pictures.chunks(BATCH) {
            let prepared: Vec<Prepared> =
                batch.iter().map(|picture| self.prepare(picture)).collect::<Result<_, _>>()?;
            // Those of one size together.
            for images in prepared.chunk_by(|one, other| one.size == other.size) {
                let scores = self.pass(images)?;
                let rows = scores.chunks_exact(self.labels.len());
                classes.extend(rows.map(|row| self.best(row, top_k)));
            }
        }
        Ok(classes)
    }

    fn prepare(&self, picture: &Picture) -> Result<Prepared, PipelineError> {
        let (pixels, size) = self.reader.prepare(picture).map_err(PipelineError::InvalidRequest)?;
        match self.size {
            Some(wanted) if wanted != size => Err(PipelineError::InvalidRequest(format!(
                "the model reads {}, and with its {PREPROCESSOR_FILE} the image becomes {}",
                shown(wanted),
                shown(size)
            ))),
            Some(_) => Ok(Prepared { pixels, size }),
            None => {
                self.patches.check_size(size).map_err(PipelineError::InvalidRequest)?;
                Ok(Prepared { pixels, size })
            }
        }
    }

    /// The scores of images of one size.
    fn pass(&self, images: &[Prepared]) -> Result<Vec<f32>, PipelineError> {
        let [height, width] = images[0].size;
        let pixels: Vec<f32> =
            images.iter().flat_map(|image| image.pixels.iter().copied()).collect();
        let data = TensorData::new(pixels, [images.len(), 3, height, width]);
        let input = ModelInput::new(Input::Pixels(Tensor::from_data(data, &self.device)));
        let scores = self.model.scores(&input).try_into_vec_as::<f32>();
        scores.map_err(|error| PipelineError::Device(error.to_string()))
    }

    fn best(&self, row: &[f32], top_k: usize) -> Vec<LabelScore> {
        let scores = match self.scoring {
            Scoring::Softmax => softmax(row),
            Scoring::Sigmoid => row.iter().copied().map(sigmoid).collect(),
            Scoring::Raw => row.to_vec(),
        };
        let entry =
            |index: usize| LabelScore { label: self.labels[index].clone(), score: scores[index] };
        best(&scores, top_k).into_iter().map(entry).collect()
    }
}

/// What a directory's config says, and the patches of its images.
fn spec_of(folder: &Path, device: &Device) -> Result<(ModelSpec, PatchConfig), PipelineError> {
    const REQUIREMENT: TaskRequirement = TaskRequirement {
        name: "a classifier of images",
        tasks: &[Task::ImageClassifier, Task::DistilledImageClassifier],
    };
    let spec = ModelSpec::read_for(folder, REQUIREMENT, device)?;
    let does = |task| matches!(task, Task::ImageClassifier | Task::DistilledImageClassifier);
    let patches = match &spec.architecture {
        Architecture::ImageEncoder(config, _) if does(spec.task) => config.patches,
        _ => return Err(spec.wrong_head("a classifier of images", does).into()),
    };
    Ok((spec, patches))
}

fn shown([height, width]: [usize; 2]) -> String {
    format!("images of {height} x {width} pixels")
}
