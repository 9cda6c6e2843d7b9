//! Image resizing, byte-identical to Pillow.

use super::Picture;

/// Fractional bits of a fixed-point weight: the rest of 32 bits holds an 8-bit value and two bits
/// of overshoot.
const BITS: u32 = 32 - 8 - 2;

/// The interpolation filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    Bilinear,
    Bicubic,
    Lanczos,
}

impl Filter {
    /// The radius of the filter, in pixels of the smaller image.
    fn reach(self) -> f64 {
        match self {
            Self::Bilinear => 1.0,
            Self::Bicubic => 2.0,
            Self::Lanczos => 3.0,
        }
    }

    /// The weight at distance `x`.
    fn weight(self, x: f64) -> f64 {
        let x = x.abs();
        let sinc = |x: f64| {
            let angle = x * std::f64::consts::PI;
            if x == 0.0 { 1.0 } else { angle.sin() / angle }
        };
        match self {
            Self::Bilinear if x < 1.0 => 1.0 - x,
            // Keys 1981 with a = -1/2; PyTorch uses -3/4.
            Self::Bicubic if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
            Self::Bicubic if x < 2.0 => ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0,
            Self::Lanczos if x < 3.0 => sinc(x) * sinc(x / 3.0),
            _ => 0.0,
        }
    }
}

/// The filter taps of one output pixel: the first input pixel, and the weights from there on.
struct Taps {
    first: usize,
    weights: Vec<i32>,
}

/// The taps of every output pixel along one side; they are the same for all rows or columns.
fn taps(filter: Filter, from: usize, to: usize) -> Vec<Taps> {
    let scale = from as f64 / to as f64;
    // When downscaling, an output pixel covers several input pixels, so the filter is stretched.
    let stretch = scale.max(1.0);
    let reach = filter.reach() * stretch;
    let of_pixel = |index: usize| {
        let center = (index as f64 + 0.5) * scale;
        let first = (center - reach + 0.5).max(0.0) as usize;
        let end = ((center + reach + 0.5) as usize).min(from);
        let weight = |at: usize| filter.weight((at as f64 - center + 0.5) * (1.0 / stretch));
        let weights: Vec<f64> = (first..end).map(weight).collect();
        let sum: f64 = weights.iter().sum();
        let fixed = |weight: f64| {
            let weight = if sum == 0.0 { weight } else { weight / sum };
            let scaled = weight * f64::from(1 << BITS);
            // Rounded half away from zero, like Pillow's C cast.
            (if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i32
        };
        Taps { first, weights: weights.into_iter().map(fixed).collect() }
    };
    (0..to).map(of_pixel).collect()
}

/// A weighted sum, rounded and clamped to 0..=255.
fn sum(taps: &Taps, value: impl Fn(usize) -> u8) -> u8 {
    let half = 1_i32 << (BITS - 1);
    let pairs = taps.weights.iter().zip(taps.first..);
    let sum = pairs.fold(half, |sum, (weight, at)| {
        sum.wrapping_add(weight.wrapping_mul(i32::from(value(at))))
    });
    (sum >> BITS).clamp(0, 255) as u8
}

/// Resizes an image along one axis after the other, with rounding to bytes in between.
pub(super) fn resize(picture: &Picture, [height, width]: [usize; 2], filter: Filter) -> Picture {
    let [less_high, less_wide] = [[picture.height, height], [picture.width, width]]
        .map(|[from, to]| from as i64 - to as i64);
    // If the height shrinks by more than twice as many pixels as the width, it is resized first; so
    // does Pillow since version 13. Older versions always start with the width, and a byte can
    // differ by a few levels.
    if less_high > 0 && less_high > 2 * less_wide {
        with_width(with_height(picture.clone(), height, filter), width, filter)
    } else {
        with_height(with_width(picture.clone(), width, filter), height, filter)
    }
}

fn with_width(picture: Picture, width: usize, filter: Filter) -> Picture {
    if width == picture.width {
        return picture;
    }
    let taps = taps(filter, picture.width, width);
    let mut rgb = Vec::with_capacity(picture.height * width * 3);
    for row in picture.rgb.chunks_exact(picture.width * 3) {
        for pixel in &taps {
            rgb.extend([0, 1, 2].map(|color| sum(pixel, |at| row[at * 3 + color])));
        }
    }
    Picture { width, height: picture.height, rgb }
}

fn with_height(picture: Picture, height: usize, filter: Filter) -> Picture {
    if height == picture.height {
        return picture;
    }
    let stride = picture.width * 3;
    let mut rgb = Vec::with_capacity(height * stride);
    for pixel in &taps(filter, picture.height, height) {
        rgb.extend((0..stride).map(|column| sum(pixel, |at| picture.rgb[at * stride + column])));
    }
    Picture { width: picture.width, height, rgb }
}
