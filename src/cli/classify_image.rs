//! `zoo classify-image`

use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use serde_json::json;

use super::model::ModelArgs;
use super::texts::as_usage;
use super::{Global, complain, usage};
use crate::pipeline::{ImageClassifier, LabelScore, Picture};

/// Images held in memory at once.
const TOGETHER: usize = 16;

/// Classify images.
#[derive(clap::Args)]
#[command(
    after_help = "Supports PNG, JPEG, WebP, GIF and BMP; images are preprocessed as the model's \
                  preprocessor_config.json specifies. Each output line has an image's labels with \
                  their scores, then its path; with --json, each line is an object. An unreadable \
                  image is reported, and the others are still classified.\n\nExamples:\n  \
                  zoo classify-image google/vit-base-patch16-224 cat.jpg dog.png\n  \
                  zoo classify-image ./deit --top-k 5 --json photos/*.jpg > classes.jsonl\n  \
                  zoo classify-image ./vit --image-size 384x512 street.jpg\n  \
                  find photos -name '*.webp' | zoo classify-image ./dinov2 -"
)]
pub(crate) struct ClassifyImageArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// Image files; `-` reads paths from standard input, one per line
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<PathBuf>,
    /// Labels to print for each image
    #[arg(long, short = 'k', value_name = "K", default_value_t = 5)]
    top_k: usize,
    /// Height and width to resize images to, in pixels, such as 384 or 384x512; position embeddings
    /// are interpolated [default: the size in preprocessor_config.json]
    #[arg(long, value_name = "SIZE", value_parser = image_size)]
    image_size: Option<[usize; 2]>,
}

/// Parses the side of a square, or HEIGHTxWIDTH.
fn image_size(text: &str) -> Result<[usize; 2], String> {
    let (height, width) = text.split_once('x').unwrap_or((text, text));
    let side = |text: &str| match text.parse::<usize>() {
        Ok(side) if side > 0 => Ok(side),
        _ => Err(format!("{text:?} is not a number of pixels; give a size such as 384 or 384x512")),
    };
    Ok([side(height)?, side(width)?])
}

pub(super) fn run(global: &Global, args: &ClassifyImageArgs) -> Result<()> {
    if args.top_k == 0 {
        return Err(usage("--top-k is 0; it must be at least 1"));
    }
    let classifier = args.model.open(global, &|folder, device, precision| {
        let classifier = match args.image_size {
            Some(size) => ImageClassifier::open_sized(folder, size, device),
            None => ImageClassifier::open(folder, device),
        };
        Ok(classifier.map_err(as_usage)?.cast(precision))
    })?;
    let mut answers = Answers { global, classifier, top_k: args.top_k, total: 0, failed: 0 };
    match args.images.as_slice() {
        [dash] if dash == Path::new("-") => {
            let mut lines = io::stdin().lock().split(b'\n');
            loop {
                let paths: io::Result<Vec<Line>> =
                    lines.by_ref().take(TOGETHER).map(|line| line.map(path_of)).collect();
                let paths = paths.context("cannot read paths from standard input")?;
                if paths.is_empty() {
                    break;
                }
                answers.print(&paths)?;
            }
        }
        paths => {
            let bar = global.bar(paths.len() as u64, "images");
            for some in paths.chunks(TOGETHER) {
                let some: Vec<Line> = some.iter().cloned().map(Ok).collect();
                bar.suspend(|| answers.print(&some))?;
                bar.inc(some.len() as u64);
            }
            bar.finish_and_clear();
        }
    }
    match (answers.total, answers.failed) {
        (0, _) => Err(usage("there is no path on standard input")),
        (_, 0) => Ok(()),
        // The failures were printed above.
        (total, failed) => Err(anyhow!("{failed} of {total} images failed")),
    }
}

/// The path of an image, or an invalid line, converted lossily for printing.
type Line = Result<PathBuf, String>;

fn path_of(mut line: Vec<u8>) -> Line {
    line.pop_if(|last| *last == b'\r');
    let path = String::from_utf8(line);
    path.map(PathBuf::from).map_err(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Classifies images, prints the results and counts them.
struct Answers<'a> {
    global: &'a Global,
    classifier: ImageClassifier,
    top_k: usize,
    total: usize,
    failed: usize,
}

impl Answers<'_> {
    /// Classifies some images and prints the results, in order.
    fn print(&mut self, lines: &[Line]) -> Result<()> {
        let open = |line: &Line| match line {
            Ok(path) => Picture::open(path).map_err(|error| error.to_string()),
            Err(_) => Err("the line is not UTF-8".to_owned()),
        };
        let read: Vec<Result<Picture, String>> = lines.iter().map(open).collect();
        let good: Vec<Picture> = read.iter().flatten().cloned().collect();
        let mut classes =
            self.classifier.classify(&good, self.top_k).map_err(as_usage)?.into_iter();
        for (line, read) in lines.iter().zip(read) {
            self.total += 1;
            let path = match line {
                Ok(path) => path.as_path(),
                Err(shown) => Path::new(shown),
            };
            match read.map(|_| classes.next().unwrap_or_default()) {
                Ok(classes) => self.show(path, &classes)?,
                Err(reason) => self.fail(path, &reason)?,
            }
        }
        Ok(())
    }

    fn fail(&mut self, path: &Path, reason: &str) -> Result<()> {
        self.failed += 1;
        complain(&format!("image {}: {reason}", self.total));
        if self.global.json {
            return self.global.print(&json!({ "image": path, "error": reason }).to_string());
        }
        Ok(())
    }

    fn show(&self, path: &Path, labels: &[LabelScore]) -> Result<()> {
        if self.global.json {
            return self.global.print(&json!({ "image": path, "labels": labels }).to_string());
        }
        let line = |LabelScore { label, score }: &LabelScore| format!("{label} {score:.4}");
        let scores: Vec<String> = labels.iter().map(line).collect();
        self.global.print(&format!("{}  {}", scores.join(", "), path.display()))
    }
}
