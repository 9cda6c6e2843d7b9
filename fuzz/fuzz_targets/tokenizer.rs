//! Any bytes as a `tokenizer.json`, which then encodes and decodes texts.

#![no_main]

use burn_zoo::datasets::tokenizer::Tokenizer;
use burn_zoo_fuzz::{caught, folder, write};
use libfuzzer_sys::fuzz_target;

const TEXTS: [&str; 4] = [
    "",
    "The quick brown fox, 13 of them!",
    "<s>Größe \u{1f600}\u{301} 日本語 \u{0}\t\r\n</s>",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

fn read_and_write(data: &[u8]) {
    write("tokenizer.json", data);
    let Ok(tokenizer) = Tokenizer::load(folder()) else { return };
    let encoder = tokenizer.text_encoder(16);
    for text in TEXTS {
        if let Ok(ids) = tokenizer.encode(text) {
            let whole = tokenizer.decode(&ids);
            let mut stream = tokenizer.stream();
            let pieces: Result<Vec<Option<String>>, _> =
                ids.into_iter().map(|id| stream.push(id)).collect();
            if let (Ok(whole), Ok(pieces), Ok(rest)) = (whole, pieces, stream.finish()) {
                let pieces: String = pieces.into_iter().flatten().collect();
                assert_eq!(pieces + &rest, whole);
            }
        }
        if let Ok(encoder) = &encoder {
            let _ = encoder.encode(text);
        }
    }
    let ids: Vec<u32> = (0..tokenizer.vocab_size().min(32) as u32).collect();
    let _ = tokenizer.decode(&ids);
    let _ = (tokenizer.eos(), tokenizer.save(folder().join("saved")));
}

fuzz_target!(
    init: caught::init(),
    |data: &[u8]| caught::run(|| read_and_write(data))
);
