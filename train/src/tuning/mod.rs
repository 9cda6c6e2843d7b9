//! Fine-tuning on labeled texts and images.

mod codec;
mod data;
mod encoded;
mod evaluation;
mod example_scores;
mod head;
mod images;
mod neighbors;
mod objective;
mod ranks;
mod related;
mod scores;
mod setup;
mod text_target;
mod texts;

pub use codec::{CodecSettings, TextCodec};
pub use data::TuningData;
pub use encoded::{EncodedRelation, EncodedTarget, EncodedText, TextLayout};
pub use evaluation::{Evaluation, ScoreInterval};
pub use head::{generates_alone, head_for, load_for};
pub use images::{ImageBatch, ImageData, ImageLoader, ImageSetup, PreparedImage, SupervisedImages};
pub use objective::{Measured, Supervised};
pub use scores::scores;
pub use setup::{TaskLengths, TaskSetup};
pub use texts::{Languages, TaskTexts};
