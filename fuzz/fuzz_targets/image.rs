//! Any bytes as an image, resized for a model.

#![no_main]

use std::sync::LazyLock;

use burn_zoo::pipeline::{ImageReader, Picture};
use burn_zoo_fuzz::caught;
use libfuzzer_sys::fuzz_target;

/// Larger pictures are decoded but not resized, for more executions per second.
const MOST_PIXELS: usize = 1 << 20;

static READERS: LazyLock<[ImageReader; 2]> = LazyLock::new(|| {
    [r#"{"size": 16}"#, r#"{"image_processor_type": "BitImageProcessor", "size": 18}"#]
        .map(|text| ImageReader::parse(text, "vit").expect("a processor"))
});

fuzz_target!(
    init: caught::init(),
    |data: &[u8]| caught::run(|| {
        let Ok(picture) = Picture::decode(data) else { return };
        assert_eq!(picture.rgb.len(), picture.width * picture.height * 3);
        if picture.width * picture.height <= MOST_PIXELS {
            for reader in &*READERS {
                let _ = reader.prepare(&picture);
            }
        }
    })
);
