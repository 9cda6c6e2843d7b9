//! A vocabulary for a text of any size.

use super::error::EncodeError;
use crate::text::{PieceEnd, RunningText, TextError, TextSplit};
use crate::tokenizer::{Tokenizer, Vocabulary, last_cut_of_words};
use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::mpsc::sync_channel;
use std::thread;

/// Bytes of a sample, of which the words are counted at a time.
const CHUNK: usize = 1 << 18;

/// The longest word, in bytes; a longer one is cut.
const LONGEST: usize = 1 << 25;

/// Bytes of a text that a vocabulary is made for; of a larger one it sees chunks that are spread
/// evenly.
const SAMPLE: u64 = 1 << 28;

impl RunningText {
    /// Builds a tokenizer for this text.
    ///
    /// Characters come from both splits, with a line break if there are several documents; other
    /// vocabularies are trained on the training split alone, and on 256 MB of a larger one.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] for a vocabulary that is too small, or a file that cannot be read any more.
    pub fn tokenizer(&self, vocabulary: Vocabulary) -> Result<Tokenizer, EncodeError> {
        match vocabulary {
            Vocabulary::Characters => {
                let between = self.has_several_documents().then_some('\n');
                Ok(Tokenizer::characters(self.alphabet().into_iter().chain(between))?)
            }
            trained => {
                let (sender, receiver) = sync_channel::<String>(16);
                thread::scope(|scope| {
                    let reader = scope.spawn(move || {
                        self.sample(&mut |chunk| match sender.send(chunk) {
                            Ok(()) => ControlFlow::Continue(()),
                            Err(_) => ControlFlow::Break(()),
                        })
                    });
                    let tokenizer = Tokenizer::of_texts(receiver, trained);
                    reader.join().unwrap_or_else(|panic| resume_unwind(panic))?;
                    Ok(tokenizer?)
                })
            }
        }
    }

    /// The training split in chunks that are cut between words.
    fn sample(&self, next: &mut dyn FnMut(String) -> ControlFlow<()>) -> Result<(), TextError> {
        let share = SAMPLE as f64 / self.bytes().max(1) as f64;
        let (mut number, mut pending) = (0_u64, String::new());
        let mut send = |chunk: String| {
            let is_wanted = share >= 1.0
                || ((number + 1) as f64 * share).floor() > (number as f64 * share).floor();
            number += 1;
            match is_wanted && !chunk.is_empty() {
                true => next(chunk),
                false => ControlFlow::Continue(()),
            }
        };
        self.read(&mut |split, piece| {
            if split != TextSplit::Train {
                return ControlFlow::Break(());
            }
            pending.push_str(piece.text);
            if pending.len() >= CHUNK {
                let place = last_cut_of_words(&pending);
                let place = place.or((pending.len() >= LONGEST).then_some(pending.len()));
                if let Some(place) = place {
                    let rest = pending.split_off(place);
                    send(std::mem::replace(&mut pending, rest))?;
                }
            }
            match piece.end {
                PieceEnd::Document => send(std::mem::take(&mut pending)),
                PieceEnd::Piece => ControlFlow::Continue(()),
            }
        })
    }
}
