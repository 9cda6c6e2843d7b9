//! ALiBi: a penalty on the scores that grows linearly with the distance, with a slope for each
//! head.

use burn::tensor::{Device, Tensor, TensorData};

use super::position::PositionIds;

/// The bias of the scores for every key.
///
/// ```text
/// bias[h, j] = slope_h · j
/// ```
///
/// The published penalty is `slope_h · (j - i)`. The term `-slope_h · i` is the same for all keys
/// of the query at `i`, so the softmax is invariant to it.
///
/// # Shapes
///
/// - result: `[1 or batch, n_heads, 1, keys]`
///
/// Reference: Press et al. 2021, §3, <https://arxiv.org/abs/2108.12409>
pub fn bias(n_heads: usize, position_ids: &PositionIds, device: &Device) -> Tensor<4> {
    let slopes = slopes(n_heads);
    let rows = position_ids.all();
    let mut values = Vec::with_capacity(rows.len() * n_heads * rows[0].len());
    for row in rows {
        for slope in &slopes {
            values.extend(row.iter().map(|&position| slope * position as f32));
        }
    }
    Tensor::from_data(TensorData::new(values, [rows.len(), n_heads, 1, rows[0].len()]), device)
}

/// A geometric sequence that ends at `2^-8`. Where the number of heads is not a power of two, the
/// heads beyond the next smaller power take every other slope of the sequence for twice as many
/// heads.
///
/// ```
/// assert_eq!(zoo_models::layers::alibi::slopes(4), [0.25, 0.0625, 0.015625, 0.00390625]);
/// ```
pub fn slopes(n_heads: usize) -> Vec<f32> {
    let power = if n_heads.is_power_of_two() { n_heads } else { n_heads.next_power_of_two() / 2 };
    let slope = |heads: usize, step: usize| 2f64.powf(-8.0 * step as f64 / heads as f64) as f32;
    let first = (1..=power).map(|step| slope(power, step));
    let rest = (0..n_heads - power).map(|index| slope(2 * power, 2 * index + 1));
    first.chain(rest).collect()
}
