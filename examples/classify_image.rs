//! Classifies images.
//!
//! `cargo run --release --example classify_image -- DIR IMAGE...`, where DIR is an image
//! classifier: ViT, DeiT or DINOv2

#![recursion_limit = "256"]

use anyhow::{Context, Result};
use burn_zoo::pipeline::{ImageClassifier, Picture};

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().context("give the folder of a model, and images")?;
    let paths: Vec<String> = args.collect();
    let device = burn_zoo::device::parse("flex")?;
    let classifier = ImageClassifier::open(folder.as_ref(), &device)?;

    let read = |path: &String| Picture::open(path.as_ref());
    let pictures: Vec<Picture> = paths.iter().map(read).collect::<Result<_, _>>()?;
    for (path, classes) in paths.iter().zip(classifier.classify(&pictures, 3)?) {
        println!("{path}");
        for class in classes {
            println!("  {:.4}  {}", class.score, class.label);
        }
    }
    Ok(())
}
