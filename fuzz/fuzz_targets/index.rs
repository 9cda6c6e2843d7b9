//! Any bytes as a `model.safetensors.index.json` with two valid shards.

#![no_main]

use std::collections::BTreeMap;
use std::sync::Once;

use burn_zoo::Device;
use burn_zoo::models::checkpoint::{self, INDEX_FILE, read_safetensors, write_safetensors};
use burn_zoo_fuzz::{copy, folder, golden, write};
use libfuzzer_sys::fuzz_target;

fn shards() {
    copy("gpt2/base", &["config.json"]);
    let all = read_safetensors(&golden().join("gpt2/base/model.safetensors")).expect("a fixture");
    let parts = all.into_iter().enumerate().partition::<Vec<_>, _>(|(index, _)| index % 2 == 0);
    for (name, part) in [("a.safetensors", parts.0), ("b.safetensors", parts.1)] {
        let tensors: BTreeMap<_, _> = part.into_iter().map(|(_, tensor)| tensor).collect();
        write_safetensors(&folder().join(name), &tensors).expect("a shard");
    }
}

fuzz_target!(|data: &[u8]| {
    static SHARDS: Once = Once::new();
    SHARDS.call_once(shards);
    write(INDEX_FILE, data);
    let _ = checkpoint::check(folder(), &Device::flex());
});
