//! Encodes a text in chunks, by several threads.

use super::error::EncodeError;
use super::packing::Packing;
use super::sink::TokenSink;
use crate::text::{PieceEnd, TextPiece, TextSplit};
use crate::tokenizer::{Tokenizer, TokenizerError};
use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

/// The usual length of a chunk, in bytes.
const CHUNK: usize = 1 << 18;

/// The longest text that is encoded as a whole where nothing shows that it can be cut, in bytes.
const LONGEST: usize = 1 << 25;

/// The most threads, each of which has a few chunks in memory.
const MOST_THREADS: usize = 16;

/// Bytes of text for each thread between two writes.
const BYTES_PER_THREAD: usize = 1 << 21;

/// Encodes pieces of documents in their order.
pub(super) struct ChunkEncoder<'a> {
    tokenizer: &'a Tokenizer,
    packing: Packing,
    /// The tokens at the end of a document.
    end: Vec<u32>,
    sink: &'a mut dyn TokenSink,
    threads: usize,
    /// The text of the current document that is in no chunk yet.
    pending: Chunk,
    /// The length of this text at which the next cut is looked for.
    next_cut: usize,
    chunks: Vec<Chunk>,
    /// Bytes in the chunks, and in those before them.
    waiting: usize,
    done: u64,
    /// The split of the last written document.
    written: Option<TextSplit>,
}

/// A part of a document.
#[derive(Clone, Debug)]
struct Chunk {
    split: TextSplit,
    text: String,
    /// Bytes of the document before it.
    offset: usize,
    is_end: bool,
}

impl Chunk {
    fn of(split: TextSplit) -> Self {
        Self { split, text: String::new(), offset: 0, is_end: false }
    }

    fn encode(&self, tokenizer: &Tokenizer) -> Result<Vec<u32>, TokenizerError> {
        tokenizer.encode(&self.text).map_err(|error| match error {
            TokenizerError::UnknownCharacter { character, offset, vocab_size } => {
                let offset = self.offset + offset;
                TokenizerError::UnknownCharacter { character, offset, vocab_size }
            }
            other => other,
        })
    }
}

impl<'a> ChunkEncoder<'a> {
    pub(super) fn new(
        tokenizer: &'a Tokenizer,
        packing: Packing,
        sink: &'a mut dyn TokenSink,
    ) -> Self {
        let end = tokenizer.document_end().unwrap_or_default();
        let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
        let pending = Chunk::of(TextSplit::Train);
        let (chunks, next_cut, waiting, done) = (Vec::new(), CHUNK, 0, 0);
        let written = None;
        Self {
            tokenizer,
            packing,
            end,
            sink,
            threads,
            pending,
            next_cut,
            chunks,
            waiting,
            done,
            written,
        }
    }

    /// Bytes of the text that are encoded.
    pub(super) fn done(&self) -> u64 {
        self.done
    }

    pub(super) fn add(
        &mut self,
        split: TextSplit,
        piece: TextPiece<'_>,
    ) -> Result<(), EncodeError> {
        if split != self.pending.split {
            self.end_document()?;
            self.pending = Chunk::of(split);
        }
        self.pending.text.push_str(piece.text);
        while self.pending.text.len() >= self.next_cut {
            let Some(place) = self.place() else {
                self.next_cut = self.pending.text.len().saturating_mul(2).min(LONGEST);
                break;
            };
            let text = self.pending.text.split_off(place);
            let offset = self.pending.offset + place;
            let rest = Chunk { text, offset, ..Chunk::of(split) };
            self.next_cut = CHUNK.max(rest.text.len() + 1);
            let chunk = std::mem::replace(&mut self.pending, rest);
            self.queue(chunk)?;
        }
        match piece.end {
            PieceEnd::Document => self.end_document(),
            PieceEnd::Piece => Ok(()),
        }
    }

    /// Writes everything that is left; the bytes of the whole text.
    pub(super) fn end(mut self) -> Result<u64, EncodeError> {
        self.end_document()?;
        self.write()?;
        Ok(self.done)
    }

    /// Where the pending text is cut.
    fn place(&self) -> Option<usize> {
        let text = &self.pending.text;
        let exact = self.tokenizer.last_cut(text);
        if exact.is_some() || text.len() < LONGEST {
            return exact;
        }
        // No computer has the memory for an arbitrarily long text as a whole.
        let line = text.rfind('\n').map(|place| place + 1).filter(|&place| place > LONGEST / 2);
        line.or_else(|| (LONGEST / 2..=LONGEST).rev().find(|&at| text.is_char_boundary(at)))
    }

    fn end_document(&mut self) -> Result<(), EncodeError> {
        self.next_cut = CHUNK;
        let rest = Chunk::of(self.pending.split);
        let last = std::mem::replace(&mut self.pending, rest);
        // A document without text is none.
        match last.offset > 0 || !last.text.is_empty() {
            true => self.queue(Chunk { is_end: true, ..last }),
            false => Ok(()),
        }
    }

    fn queue(&mut self, chunk: Chunk) -> Result<(), EncodeError> {
        self.waiting += chunk.text.len();
        self.chunks.push(chunk);
        match self.waiting >= self.threads * BYTES_PER_THREAD {
            true => self.write(),
            false => Ok(()),
        }
    }

    /// Encodes the chunks, and writes them in their order.
    fn write(&mut self) -> Result<(), EncodeError> {
        let chunks = std::mem::take(&mut self.chunks);
        for (chunk, ids) in chunks.iter().zip(self.encode(&chunks)?) {
            let split = chunk.split;
            let is_first = self.written != Some(split);
            if self.packing == Packing::Stream && chunk.offset == 0 && !is_first {
                self.sink.ids(split, &self.end)?;
            }
            self.sink.ids(split, &ids)?;
            self.written = Some(split);
            if self.packing == Packing::Bordered && chunk.is_end {
                self.sink.ids(split, &self.end)?;
                self.sink.document_end(split);
            }
        }
        self.done += self.waiting as u64;
        self.waiting = 0;
        Ok(())
    }

    fn encode(&self, chunks: &[Chunk]) -> Result<Vec<Vec<u32>>, TokenizerError> {
        let tokenizer = self.tokenizer;
        let part_size = chunks.len().div_ceil(self.threads).max(1);
        let parts: Vec<Result<Vec<Vec<u32>>, TokenizerError>> = thread::scope(|scope| {
            let encode = |part: &'_ [Chunk]| -> Result<Vec<Vec<u32>>, TokenizerError> {
                part.iter().map(|chunk| chunk.encode(tokenizer)).collect()
            };
            let threads = chunks.chunks(part_size).map(|part| scope.spawn(move || encode(part)));
            let threads: Vec<_> = threads.collect();
            let joined = threads.into_iter().map(|thread| thread.join());
            joined.map(|result| result.unwrap_or_else(|panic| resume_unwind(panic))).collect()
        });
        parts.into_iter().try_fold(Vec::with_capacity(chunks.len()), |mut all, part| {
            all.extend(part?);
            Ok(all)
        })
    }
}
