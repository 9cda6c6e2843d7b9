//! `tinyshakespeare`: 1.1 MB of Shakespeare, as used by char-rnn and nanoGPT.

use super::text_file::{self, Parts};
use crate::locate::DataFile;

pub(crate) const FILE: DataFile = DataFile {
    path: "tinyshakespeare/input.txt",
    urls: &[
        "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
    ],
    sha256: "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    bytes: 1_115_394,
};

/// The first 90 % of the characters for training, the rest for validation.
///
/// That is the split of nanoGPT's `data/shakespeare_char/prepare.py`, so that its published
/// losses can be compared with ours. Reference: <https://github.com/karpathy/nanoGPT>
pub(super) fn split(text: &str) -> Parts {
    text_file::split(text)
}
