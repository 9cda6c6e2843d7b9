//! A text as token ids.

use super::cache::TokenCache;
use super::encoder::ChunkEncoder;
use super::error::EncodeError;
use super::fingerprint::text_fingerprint;
use super::packing::Packing;
use super::progress::{EncodingProgress, EncodingStage, OnProgress};
use super::sink::{FileSink, MemorySink, OfSplits, TokenSink};
use super::token_file::{self, EncodedText, FORMAT, HEADER, Header};
use super::token_ids::{IdWidth, TokenIds};
use crate::hash::hex;
use crate::text::RunningText;
use crate::tokenizer::Tokenizer;
use sha2::{Digest, Sha256};
use std::io::{self, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Encodes a text: a small one in memory, a large one in a file of the cache, which is made if it is
/// not there or is damaged.
pub(crate) fn encode_text(
    text: &RunningText,
    tokenizer: &Tokenizer,
    packing: Packing,
    cache: &TokenCache,
    progress: OnProgress<'_>,
) -> Result<EncodedText, EncodeError> {
    if text.is_in_memory() {
        let mut sink = MemorySink::default();
        encode_into(text, tokenizer, packing, &mut sink, progress)?;
        let MemorySink { ids: OfSplits { train, valid }, ends } = sink;
        let [train, valid] = [train, valid].map(TokenIds::in_memory);
        let ids = OfSplits { train, valid };
        let fingerprint = text_fingerprint(&ids, &ends)?;
        return Ok(EncodedText { ids, ends, fingerprint });
    }
    let key = key(text, tokenizer, packing)?;
    if let Some(file) = cache.open(&key) {
        let stage = EncodingStage::Check;
        let mut done = |done, total| progress(EncodingProgress { stage, done, total });
        // An unreadable file is made again.
        if let Ok(Some(encoded)) = token_file::open(file, &mut done) {
            return Ok(encoded);
        }
    }
    write(text, tokenizer, packing, cache, &key, progress)
}

/// Everything that decides the tokens.
fn key(text: &RunningText, tokenizer: &Tokenizer, packing: Packing) -> Result<String, EncodeError> {
    let version = env!("CARGO_PKG_VERSION");
    let mut hash = Sha256::new();
    hash.update(format!("{FORMAT} {version} {packing} {}\n", text.identity()));
    hash.update(tokenizer.identity()?);
    Ok(hex(&hash.finalize()))
}

fn write(
    text: &RunningText,
    tokenizer: &Tokenizer,
    packing: Packing,
    cache: &TokenCache,
    key: &str,
    progress: OnProgress<'_>,
) -> Result<EncodedText, EncodeError> {
    let mut new = cache.create()?;
    let path = new.path.clone();
    let error = |source: io::Error| EncodeError::Write { path: path.clone(), source };
    let file = new.file.try_clone().map_err(error)?;
    new.file.write_all(&[b' '; HEADER]).map_err(error)?;
    let width = IdWidth::of(tokenizer.vocab_size());
    let mut sink = FileSink::new(file, path.clone(), width);
    encode_into(text, tokenizer, packing, &mut sink, progress)?;
    let sha256 = hex(&sink.end()?);
    let FileSink { counts, ends, .. } = sink;
    let mut header = Header {
        format: FORMAT,
        width: width.bytes(),
        train: counts.train,
        valid: counts.valid,
        train_documents: ends.train.len(),
        valid_documents: ends.valid.len(),
        fingerprint: String::new(),
        sha256,
    };
    let file = Arc::new(new.file.try_clone().map_err(error)?);
    let Some(ids) = header.ids(&file) else {
        return Err(error(io::ErrorKind::InvalidData.into()));
    };
    let fingerprint = text_fingerprint(&ids, &ends)?;
    header.fingerprint = fingerprint.clone();
    let header = header.to_bytes().map_err(error)?;
    new.file.seek(SeekFrom::Start(0)).map_err(error)?;
    new.file.write_all(&header).map_err(error)?;
    cache.keep(new, key)?;
    Ok(EncodedText { ids, ends, fingerprint })
}

fn encode_into(
    text: &RunningText,
    tokenizer: &Tokenizer,
    packing: Packing,
    sink: &mut dyn TokenSink,
    progress: OnProgress<'_>,
) -> Result<(), EncodeError> {
    let mut encoder = ChunkEncoder::new(tokenizer, packing, sink);
    let (mut failed, mut shown) = (None, 0);
    text.read(&mut |split, piece| match encoder.add(split, piece) {
        Ok(()) => {
            let done = encoder.done();
            if done > shown {
                let (stage, total) = (EncodingStage::Encode, text.bytes());
                progress(EncodingProgress { stage, done, total });
                shown = done;
            }
            ControlFlow::Continue(())
        }
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    })?;
    match failed {
        Some(error) => Err(error),
        None if encoder.end()? != text.bytes() => Err(EncodeError::Changed),
        None => Ok(()),
    }
}
