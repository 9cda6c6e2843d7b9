//! Image classification.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};

use super::image::{ImageReader, PREPROCESSOR_FILE, Picture, PixelValues};
use super::scores::{best, sigmoid, softmax};
use super::{LabelScore, PipelineError, Scoring};
use crate::models::backbones::Inputs;
use crate::models::checkpoint::{self, LoadDtype, Model, ModelSpec, TaskRequirement};
use crate::models::families::Task;
use crate::models::layers::patches::{ImageSizes, PatchConfig};
use crate::models::precision::Precision;

/// Images in one forward pass.
const BATCH: usize = 16;

/// Classifies images.
#[derive(Debug)]
pub struct ImageClassifier {
    model: Model,
    reader: ImageReader,
    labels: Vec<String>,
    scoring: Scoring,
    patches: PatchConfig,
    /// Height and width of the model's input; `None` if it accepts any size.
    size: Option<[usize; 2]>,
    device: Device,
}

/// The specification of an image classifier.
struct ClassifierSpec {
    model: ModelSpec,
    patches: PatchConfig,
}

impl ImageClassifier {
    /// Loads a model directory with its `preprocessor_config.json`.
    ///
    /// # Errors
    ///
    /// Unreadable or invalid files; a model without an image classification head.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let spec = ClassifierSpec::read(folder, device)?;
        let patches = spec.patches;
        let reader = ImageReader::read_for(folder, spec.model.family.name(), &patches)?;
        let size = match patches.sizes {
            ImageSizes::Any => None,
            ImageSizes::OnRequest => Some(patches.image),
        };
        Self::load(folder, spec, reader, size, device)
    }

    /// Loads a model for another image size than its config's: images are resized to this height
    /// and width without a crop, and position embeddings are interpolated.
    ///
    /// # Errors
    ///
    /// See [`ImageClassifier::open`]; a size smaller than a patch, or one to which the model's
    /// positions cannot be interpolated.
    pub fn open_sized(
        folder: &Path,
        size: [usize; 2],
        device: &Device,
    ) -> Result<Self, PipelineError> {
        let spec = ClassifierSpec::read(folder, device)?;
        spec.patches.check_size(size).map_err(PipelineError::InvalidRequest)?;
        let reader = ImageReader::read(folder, spec.model.family.name())?;
        let reader = reader.resizing_to(size).map_err(PipelineError::InvalidRequest)?;
        Self::load(folder, spec, reader, Some(size), device)
    }

    fn load(
        folder: &Path,
        spec: ClassifierSpec,
        reader: ImageReader,
        size: Option<[usize; 2]>,
        device: &Device,
    ) -> Result<Self, PipelineError> {
        let ClassifierSpec { model: spec, patches } = spec;
        let labels = spec.labels.clone();
        let scoring = Scoring::of(&spec);
        let model = checkpoint::load_as(folder, spec, device, LoadDtype::Checkpoint)?.model;
        Ok(Self { model, reader, labels, scoring, patches, size, device: device.clone() })
    }

    /// Converts the model to another precision; see [`Model::cast`].
    pub fn cast(self, precision: Precision) -> Self {
        Self { model: self.model.cast(precision), ..self }
    }

    /// The label names.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// How logits become scores.
    pub fn scoring(&self) -> Scoring {
        self.scoring
    }

    /// Sets how logits become scores.
    pub fn with_scoring(self, scoring: Scoring) -> Self {
        Self { scoring, ..self }
    }

    /// The `top_k` highest-scoring labels of each image, in decreasing order.
    ///
    /// # Errors
    ///
    /// An image that cannot be resized to the model's size; a device failure.
    pub fn classify(
        &self,
        pictures: &[Picture],
        top_k: usize,
    ) -> Result<Vec<Vec<LabelScore>>, PipelineError> {
        let mut classes = Vec::with_capacity(pictures.len());
        for batch in pictures.chunks(BATCH) {
            let prepared: Vec<PixelValues> =
                batch.iter().map(|picture| self.prepare(picture)).collect::<Result<_, _>>()?;
            // Consecutive images of the same size share a forward pass.
            for images in prepared.chunk_by(|one, other| one.size == other.size) {
                let scores = self.pass(images)?;
                let rows = scores.chunks_exact(self.labels.len());
                classes.extend(rows.map(|row| self.best(row, top_k)));
            }
        }
        Ok(classes)
    }

    fn prepare(&self, picture: &Picture) -> Result<PixelValues, PipelineError> {
        let prepared = self.reader.prepare(picture).map_err(PipelineError::InvalidRequest)?;
        match self.size {
            Some(expected) if expected != prepared.size => {
                Err(PipelineError::InvalidRequest(format!(
                    "the model expects {}, but {PREPROCESSOR_FILE} produces {}",
                    shown(expected),
                    shown(prepared.size)
                )))
            }
            Some(_) => Ok(prepared),
            None => {
                self.patches.check_size(prepared.size).map_err(PipelineError::InvalidRequest)?;
                Ok(prepared)
            }
        }
    }

    /// The logits of images of the same size.
    fn pass(&self, images: &[PixelValues]) -> Result<Vec<f32>, PipelineError> {
        let [height, width] = images[0].size;
        let pixels: Vec<f32> =
            images.iter().flat_map(|image| image.pixels.iter().copied()).collect();
        let data = TensorData::new(pixels, [images.len(), 3, height, width]);
        let inputs = Inputs::images(Tensor::from_data(data, &self.device));
        let scores = self.model.scores(&inputs).try_into_vec_as::<f32>();
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

impl ImageReader {
    /// Reads the preprocessing of a model of this type with these patches; see
    /// [`ImageReader::read`].
    ///
    /// # Errors
    ///
    /// See [`ImageReader::read`]; a size that the model does not take.
    pub fn read_for(
        folder: &Path,
        model_type: &str,
        patches: &PatchConfig,
    ) -> Result<Self, PipelineError> {
        let reader = Self::read(folder, model_type)?;
        let is_read = |size| match patches.sizes {
            ImageSizes::Any => patches.check_size(size),
            ImageSizes::OnRequest if size == patches.image => Ok(()),
            ImageSizes::OnRequest => Err(format!(
                "the model expects {}; set another size with --image-size",
                shown(patches.image)
            )),
        };
        if let Some(found) = reader.size() {
            let path = folder.join(PREPROCESSOR_FILE);
            is_read(found).map_err(|reason| {
                let reason = format!("it produces {}, but {reason}", shown(found));
                PipelineError::File { path, reason }
            })?;
        }
        Ok(reader)
    }
}

impl ClassifierSpec {
    /// Reads the specification from a model directory.
    fn read(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        const REQUIREMENT: TaskRequirement = TaskRequirement {
            name: "an image classifier",
            tasks: &[Task::ImageClassifier, Task::DistilledImageClassifier],
        };
        let model = ModelSpec::read_for(folder, REQUIREMENT, device)?;
        let does = |task| matches!(task, Task::ImageClassifier | Task::DistilledImageClassifier);
        let patches = match model.architecture.backbone.patches() {
            Some(patches) if does(model.task) => *patches,
            _ => return Err(model.wrong_head("an image classifier", does).into()),
        };
        Ok(Self { model, patches })
    }
}

fn shown([height, width]: [usize; 2]) -> String {
    format!("images of {height} x {width} pixels")
}
