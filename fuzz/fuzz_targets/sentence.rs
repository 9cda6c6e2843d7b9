//! Any bytes as the files of sentence-transformers and as `tokenizer_config.json`, with a valid
//! model and tokenizer.

#![no_main]

use std::sync::Once;

use burn_zoo::Device;
use burn_zoo::datasets::tokenizer::Tokenizer;
use burn_zoo::pipeline::TextEmbedder;
use burn_zoo_fuzz::{copy, folder, write};
use libfuzzer_sys::fuzz_target;

const FILES: [&str; 5] = [
    "modules.json",
    "1_Pooling/config.json",
    "sentence_bert_config.json",
    "tokenizer_config.json",
    "config_sentence_transformers.json",
];

fuzz_target!(|data: &[u8]| {
    static MODEL: Once = Once::new();
    MODEL.call_once(|| {
        copy("bert/backbone", &["config.json", "model.safetensors"]);
        let tokenizer = Tokenizer::characters("abcdefghijklmnopqrstuvwxyz ".chars());
        tokenizer.expect("a tokenizer").save(folder()).expect("a folder");
    });
    // The files one after the other, separated by lines of dashes.
    let text = String::from_utf8_lossy(data);
    let mut parts = text.split("\n---\n");
    for name in FILES {
        match parts.next().filter(|part| !part.is_empty()) {
            Some(part) => write(name, part.as_bytes()),
            None => {
                let _ = std::fs::remove_file(folder().join(name));
            }
        }
    }
    if let Ok(embedder) = TextEmbedder::open(folder(), &Device::flex()) {
        let _ = embedder.embed(&["a cat", ""], &mut |_| {});
    }
});
