//! Images to classes.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};

use super::image::{ImageReader, PREPROCESSOR_FILE, Picture};
use super::scores::{best, sigmoid, softmax};
use super::{LabelScore, PipelineError, Scoring};
use crate::models::arch::Input;
use crate::models::families::{Architecture, Task};
use crate::models::precision::Precision;
use crate::models::pretrained::{self, Blueprint, Hold, Model, ModelInput, Wanted};

/// Images of one forward pass.
const BATCH: usize = 16;

/// Names what an image shows.
#[derive(Debug)]
pub struct ImageClassifier {
    model: Model,
    reader: ImageReader,
    labels: Vec<String>,
    scoring: Scoring,
    size: [usize; 2],
    device: Device,
}

impl ImageClassifier {
    /// Opens a model's directory, with its `preprocessor_config.json`.
    ///
    /// # Errors
    ///
    /// Files that cannot be read or followed; a model that names no classes of images.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        const WANTED: Wanted = Wanted {
            name: "a classifier of images",
            tasks: &[Task::ImageClassifier, Task::DistilledImageClassifier],
        };
        let blueprint = Blueprint::read_for(folder, WANTED, device)?;
        let does = |task| matches!(task, Task::ImageClassifier | Task::DistilledImageClassifier);
        let size = match &blueprint.architecture {
            Architecture::ImageEncoder(config, _) if does(blueprint.task) => config.patches.image,
            _ => return Err(blueprint.wrong_head("a classifier of images", does).into()),
        };
        let reader = ImageReader::read(folder, blueprint.family.name())?;
        if let Some(found) = reader.size().filter(|found| *found != size) {
            let path = folder.join(PREPROCESSOR_FILE);
            let reason = format!("it makes {}, and the model reads {}", shown(found), shown(size));
            return Err(PipelineError::File { path, reason });
        }
        let labels = blueprint.labels.clone();
        let scoring = Scoring::of(&blueprint);
        let model = pretrained::load_as(folder, blueprint, (device, Hold::AsStored))?.model;
        Ok(Self { model, reader, labels, scoring, size, device: device.clone() })
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
            let scores = self.pass(batch)?;
            classes.extend(scores.chunks_exact(self.labels.len()).map(|row| self.best(row, top_k)));
        }
        Ok(classes)
    }

    fn pass(&self, pictures: &[Picture]) -> Result<Vec<f32>, PipelineError> {
        let [height, width] = self.size;
        let mut pixels = Vec::with_capacity(pictures.len() * 3 * height * width);
        for picture in pictures {
            let (values, size) = self.reader.prepare(picture).map_err(PipelineError::Asked)?;
            if size != self.size {
                return Err(PipelineError::Asked(format!(
                    "the model reads {}, and with its {PREPROCESSOR_FILE} the image becomes {}",
                    shown(self.size),
                    shown(size)
                )));
            }
            pixels.extend(values);
        }
        let data = TensorData::new(pixels, [pictures.len(), 3, height, width]);
        let input = ModelInput {
            read: Input::Pixels(Tensor::from_data(data, &self.device)),
            written: None,
        };
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

fn shown([height, width]: [usize; 2]) -> String {
    format!("images of {height} x {width} pixels")
}
