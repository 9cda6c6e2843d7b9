//! `zoo classify-image`

use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use serde_json::json;

use super::model::ModelArgs;
use super::texts::asked;
use super::{Global, complain, usage};
use crate::pipeline::{ImageClassifier, LabelScore, Picture};

/// Images that are in memory at once.
const TOGETHER: usize = 16;

/// Say what images show.
#[derive(clap::Args)]
#[command(
    after_help = "PNG, JPEG, WebP, GIF and BMP are read, and prepared as preprocessor_config.json beside \
                  the model says. An image is a line: its classes with their scores, then its path; \
                  with --json, an object. One that cannot be read is named, and the others are \
                  answered all the same.\n\nExamples:\n  \
                  zoo classify-image google/vit-base-patch16-224 cat.jpg dog.png\n  \
                  zoo classify-image ./deit --top-k 5 --json photos/*.jpg > classes.jsonl\n  \
                  zoo classify-image ./vit --image-size 384x512 street.jpg\n  \
                  find photos -name '*.webp' | zoo classify-image ./dinov2 -"
)]
pub(crate) struct ClassifyImageArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// Files with images; `-` reads their paths from standard input, one a line
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<PathBuf>,
    /// Classes for each image
    #[arg(long, short = 'k', value_name = "K", default_value_t = 5)]
    top_k: usize,
    /// Height and width that images are resized to, in pixels, such as 384 or 384x512; position embeddings are
    /// interpolated to it [default: as preprocessor_config.json says]
    #[arg(long, value_name = "SIZE", value_parser = image_size)]
    image_size: Option<[usize; 2]>,
}

/// Reads a side of a square, or a height and a width.
fn image_size(text: &str) -> Result<[usize; 2], String> {
    let (height, width) = text.split_once('x').unwrap_or((text, text));
    let side = |text: &str| match text.parse::<usize>() {
        Ok(side) if side > 0 => Ok(side),
        _ => Err(format!("{text:?} is not a number of pixels; 384 or 384x512 would be a size")),
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
        Ok(classifier.map_err(asked)?.cast(precision))
    })?;
    let mut answers = Answers { global, classifier, top_k: args.top_k, asked: 0, failed: 0 };
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
    match (answers.asked, answers.failed) {
        (0, _) => Err(usage("there is no path on standard input")),
        (_, 0) => Ok(()),
        // It has been said.
        (asked, failed) => Err(anyhow!("{failed} of {asked} images have no answer")),
    }
}

/// The path of a file, or an invalid line, as far as it can be printed.
type Line = Result<PathBuf, String>;

fn path_of(mut line: Vec<u8>) -> Line {
    line.pop_if(|last| *last == b'\r');
    let path = String::from_utf8(line);
    path.map(PathBuf::from).map_err(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// What has been printed.
struct Answers<'a> {
    global: &'a Global,
    classifier: ImageClassifier,
    top_k: usize,
    asked: usize,
    failed: usize,
}

impl Answers<'_> {
    /// Answers some images, in their order.
    fn print(&mut self, lines: &[Line]) -> Result<()> {
        let open = |line: &Line| match line {
            Ok(path) => Picture::open(path).map_err(|error| error.to_string()),
            Err(_) => Err("the line is not UTF-8".to_owned()),
        };
        let read: Vec<Result<Picture, String>> = lines.iter().map(open).collect();
        let good: Vec<Picture> = read.iter().flatten().cloned().collect();
        let mut classes = self.classifier.classify(&good, self.top_k).map_err(asked)?.into_iter();
        for (line, read) in lines.iter().zip(read) {
            self.asked += 1;
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
        complain(&format!("image {}: {reason}", self.asked));
        if self.global.json {
            return self.global.print(&json!({ "image": path, "error": reason }).to_string());
        }
        Ok(())
    }

    fn show(&self, path: &Path, labels: &[LabelScore]) -> Result<()> {
        if self.global.json {
            return self.global.print(&json!({ "image": path, "labels": labels }).to_string());
        }
        let class = |LabelScore { label, score }: &LabelScore| format!("{label} {score:.4}");
        let classes: Vec<String> = labels.iter().map(class).collect();
        self.global.print(&format!("{}  {}", classes.join(", "), path.display()))
    }
}
