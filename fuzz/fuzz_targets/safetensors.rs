//! Any bytes as a `model.safetensors` with a valid config.

#![no_main]

use burn_zoo::Device;
use burn_zoo::models::checkpoint::{self, read_safetensors};
use burn_zoo_fuzz::{copy, folder, write};
use libfuzzer_sys::fuzz_target;

/// The maximum number of bytes of data appended to a header.
const MOST: usize = 1 << 16;

fuzz_target!(|data: &[u8]| {
    copy("gpt2/base", &["config.json"]);
    let Some((&first, rest)) = data.split_first() else { return };
    let file = if first % 2 == 0 {
        rest.to_vec()
    } else {
        // A header, followed by as much data as its largest offset needs.
        let text = String::from_utf8_lossy(rest);
        let numbers = text.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok());
        let body = numbers.max().unwrap_or(0_usize).min(MOST);
        [&(rest.len() as u64).to_le_bytes(), rest, &vec![0; body]].concat()
    };
    write("model.safetensors", &file);
    let _ = checkpoint::load(folder(), &Device::flex());
    let _ = read_safetensors(&folder().join("model.safetensors"));
});
