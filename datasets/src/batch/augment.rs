//! Random changes of training images.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::BatchAt;
use crate::rng::SeededRng;

/// The shares of an image's area that a crop has, as in Inception's training and torchvision.
const AREA: [f64; 2] = [0.08, 1.0];

/// The ratios of width to height of a crop.
const RATIO: [f64; 2] = [3.0 / 4.0, 4.0 / 3.0];

/// Attempts to place a crop in an image.
const ATTEMPTS: usize = 10;

/// A kind of random change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Augment {
    /// Every second image is mirrored, left to right.
    Flip,
    /// A random part of the image, resized to the model's size.
    ///
    /// Reference: Szegedy et al. 2014, §6, <https://arxiv.org/abs/1409.4842>
    Crop,
}

/// A name that is no kind of change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown augmentation {name:?}; there are flip and crop")]
pub struct UnknownAugment {
    /// The name.
    pub name: String,
}

impl FromStr for Augment {
    type Err = UnknownAugment;

    fn from_str(name: &str) -> Result<Self, UnknownAugment> {
        match name {
            "flip" => Ok(Self::Flip),
            "crop" => Ok(Self::Crop),
            _ => Err(UnknownAugment { name: name.to_owned() }),
        }
    }
}

/// The random changes of one image in one step.
///
/// They depend on the seed, the step and the row in it: a resumed run changes the same images in the
/// same way, whatever the number of micro-steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageChange {
    kinds: Vec<Augment>,
    key: [u64; 3],
}

/// A part of an image, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CropBox {
    /// The first row.
    pub top: usize,
    /// The first column.
    pub left: usize,
    /// The number of rows.
    pub height: usize,
    /// The number of columns.
    pub width: usize,
}

impl ImageChange {
    /// The changes of these kinds for a row of a step.
    pub fn new(kinds: &[Augment], at: BatchAt, row: usize) -> Self {
        Self { kinds: kinds.to_vec(), key: [at.seed, at.step, row as u64] }
    }

    /// Whether the image is mirrored.
    pub fn is_flipped(&self) -> bool {
        self.kinds.contains(&Augment::Flip) && SeededRng::new(b"flip    ", self.key).below(2) == 1
    }

    /// The part of an image of this height and width; `None` for the whole image, preprocessed as in
    /// validation.
    ///
    /// The area is uniform in 8 to 100 % of the image's, and the logarithm of the ratio of the sides
    /// between those of 3:4 and 4:3. After ten parts that do not fit, it is the largest one in the
    /// middle with a ratio in this range: torchvision's `RandomResizedCrop`.
    pub fn crop(&self, image: [usize; 2]) -> Option<CropBox> {
        if !self.kinds.contains(&Augment::Crop) {
            return None;
        }
        let [height, width] = image.map(|side| side as f64);
        let mut rng = SeededRng::new(b"crop    ", self.key);
        let mut uniform = |[low, high]: [f64; 2]| {
            low + (high - low) * (rng.below(1 << 53) as f64 / (1_u64 << 53) as f64)
        };
        for _ in 0..ATTEMPTS {
            let area = height * width * uniform(AREA);
            let ratio = uniform(RATIO.map(f64::ln)).exp();
            let [tall, wide] = [(area / ratio).sqrt(), (area * ratio).sqrt()].map(f64::round);
            if tall >= 1.0 && wide >= 1.0 && tall <= height && wide <= width {
                let start = |free: f64, share: f64| ((free + 1.0) * share).floor().min(free);
                let (top, left) = (
                    start(height - tall, uniform([0.0, 1.0])),
                    start(width - wide, uniform([0.0, 1.0])),
                );
                return Some(CropBox {
                    top: top as usize,
                    left: left as usize,
                    height: tall as usize,
                    width: wide as usize,
                });
            }
        }
        let ratio = (width / height).clamp(RATIO[0], RATIO[1]);
        let tall = (width / ratio).round().clamp(1.0, height) as usize;
        let wide = (height * ratio).round().clamp(1.0, width) as usize;
        let [top, left] = [(image[0] - tall) / 2, (image[1] - wide) / 2];
        Some(CropBox { top, left, height: tall, width: wide })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(kinds: &[Augment], step: u64, row: usize) -> ImageChange {
        ImageChange::new(kinds, BatchAt { seed: 1, step, micro_step: 0 }, row)
    }

    #[test]
    fn changes_depend_on_seed_step_and_row() {
        let both = [Augment::Flip, Augment::Crop];
        let of = |step, row| change(&both, step, row).crop([100, 80]);
        assert_eq!(of(2, 3), of(2, 3));
        assert!(of(2, 3) != of(2, 4) && of(2, 3) != of(3, 3));
        let flips = (0..1000).filter(|row| change(&both, 0, *row).is_flipped()).count();
        assert!((450..550).contains(&flips), "{flips}");
        let none = change(&[], 0, 0);
        assert_eq!((none.is_flipped(), none.crop([9, 9])), (false, None));
        assert_eq!((0..50).filter(|row| change(&[Augment::Crop], 0, *row).is_flipped()).count(), 0);
    }

    #[test]
    fn crops_are_parts_of_the_image_like_those_of_torchvision() {
        let mut shares = Vec::new();
        let mut reached = [false; 2];
        for row in 0..2000 {
            let crop = change(&[Augment::Crop], 7, row).crop([120, 100]).unwrap();
            assert!(crop.top + crop.height <= 120 && crop.left + crop.width <= 100, "{crop:?}");
            let ratio = crop.width as f64 / crop.height as f64;
            assert!((0.70..1.40).contains(&ratio), "{crop:?}");
            shares.push((crop.height * crop.width) as f64 / 12_000.0);
            reached[0] |= crop.top == 0;
            reached[1] |= crop.top + crop.height == 120;
        }
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        // Uniform between 0.08 and 1, without the large parts that do not fit: torchvision's mean
        // for such an image is 0.49.
        assert!((0.46..0.54).contains(&mean), "{mean}");
        assert!(shares.iter().copied().fold(f64::MAX, f64::min) < 0.1 && reached == [true; 2]);
    }

    #[test]
    fn a_narrow_image_is_cropped_in_the_middle() {
        let crop = change(&[Augment::Crop], 0, 0).crop([1, 1000]).unwrap();
        assert_eq!((crop.top, crop.height), (0, 1));
        assert!(crop.width <= 2, "{crop:?}");
        let tall = change(&[Augment::Crop], 0, 0).crop([1000, 30]).unwrap();
        assert!(tall.height <= 40 && tall.top + tall.height <= 1000, "{tall:?}");
    }

    #[test]
    fn names_are_parsed() {
        assert_eq!("crop".parse(), Ok(Augment::Crop));
        assert!("mixup".parse::<Augment>().unwrap_err().to_string().contains("flip and crop"));
    }
}
