//! Matrix products with LibTorch's kernels.
//!
//! LibTorch computes f32 matrix products with a library that does not use the widest vector
//! instructions of every processor, and convolutions with oneDNN, which does. A 1×1 convolution is
//! a matrix product.

use std::sync::OnceLock;

use tch::{Device, Tensor};

/// The number of rows below which reading the other matrix takes longer than the arithmetic.
const MIN_ROWS: i64 = 8;

/// `a b + bias`
///
/// # Shapes
///
/// - `a`: `[rows, depth]`
/// - `b`: `[depth, width]`
/// - `bias`: `[width]`
pub(super) fn product(a: &Tensor, b: &Tensor, bias: Option<&Tensor>) -> Tensor {
    let (rows, depth, width) = (a.size()[0], a.size()[1], b.size()[1]);
    let is_convolved = rows >= MIN_ROWS && depth > 0 && width > 0 && has_convolutions(a);
    if is_convolved && b.is_contiguous() {
        // The channels are the depth, the pixels are the columns of `b`, and the filters are `a`.
        let image = b.view([1, depth, 1, width]);
        let filters = a.contiguous().view([rows, depth, 1, 1]);
        let mut result = convolved(&image, &filters, None).reshape([rows, width]);
        return match bias {
            Some(bias) => result.g_add_(bias),
            None => result,
        };
    }
    if is_convolved && b.tr().is_contiguous() {
        // A pixel is a row of `a`, with adjacent channels.
        let image = a.contiguous().view([1, 1, rows, depth]).permute([0, 3, 1, 2]);
        let filters = b.tr().view([width, depth, 1, 1]);
        return convolved(&image, &filters, bias).permute([0, 2, 3, 1]).reshape([rows, width]);
    }
    match bias {
        Some(bias) => bias.addmm(a, b),
        None => a.mm(b),
    }
}

fn has_convolutions(x: &Tensor) -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    x.device() == Device::Cpu && *HAS.get_or_init(tch::utils::has_mkldnn)
}

fn convolved(image: &Tensor, filters: &Tensor, bias: Option<&Tensor>) -> Tensor {
    image.mkldnn_convolution(filters, bias, [0, 0], [1, 1], [1, 1], 1)
}
