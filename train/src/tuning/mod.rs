//! Fine-tuning on labeled texts.

mod codec;
mod data;
mod encoded;
mod evaluation;
mod neighbors;
mod objective;
mod ranks;
mod related;
mod scores;
mod setup;

pub use codec::{CodecSettings, TextCodec};
pub use data::TuningData;
pub use encoded::{EncodedRelation, EncodedTarget, EncodedText};
pub use evaluation::{Evaluation, ScoreInterval};
pub use objective::Supervised;
pub use scores::scores;
pub use setup::{TaskLengths, TaskSetup};
