//! Any bytes as a `preprocessor_config.json`, applied to two pictures.

#![no_main]

use burn_zoo::pipeline::{ImageReader, Picture};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    for family in ["vit", "deit", "dinov2"] {
        let Ok(reader) = ImageReader::parse(&text, family) else { continue };
        for [width, height] in [[5, 4], [1, 90]] {
            let picture = Picture { width, height, rgb: vec![200; width * height * 3] };
            // A large size takes long without reaching other code paths.
            if reader.size().is_none_or(|[height, width]| height * width <= 1 << 16) {
                let _ = reader.prepare(&picture);
            }
        }
    }
});
