//! The progress of encoding a text.

/// How far the encoding of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodingProgress {
    /// What is done.
    pub stage: EncodingStage,
    /// Bytes that are done.
    pub done: u64,
    /// All bytes.
    pub total: u64,
}

/// What is done to a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodingStage {
    /// It is encoded.
    Encode,
    /// The file with an encoded text is checked.
    Check,
}

/// Receives the progress.
pub type OnProgress<'a> = &'a mut dyn FnMut(EncodingProgress);
