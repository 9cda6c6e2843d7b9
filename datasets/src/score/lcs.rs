//! Longest common subsequences.

/// The length of the longest common subsequence.
pub(super) fn length<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for item in a {
        step(&mut row, item, b, |_, _| ());
    }
    row[b.len()]
}

/// The indices in `reference` of a longest common subsequence with `found`, the last first.
///
/// Of several subsequences it is the one of Google's `rouge_score`, on which ROUGE-Lsum depends.
pub(super) fn indices<T: PartialEq>(reference: &[T], found: &[T]) -> Vec<usize> {
    // One bit per pair of items, as texts may have thousands: whether to drop the item found.
    let columns = found.len();
    let mut drops_found = vec![0_u64; (reference.len() * columns).div_ceil(64)];
    let mut row = vec![0; columns + 1];
    for (i, item) in reference.iter().enumerate() {
        step(&mut row, item, found, |j, drops| {
            let bit = i * columns + j;
            drops_found[bit / 64] |= u64::from(drops) << (bit % 64);
        });
    }
    let (mut i, mut j) = (reference.len(), columns);
    let mut indices = Vec::with_capacity(row[columns]);
    while i > 0 && j > 0 {
        let bit = (i - 1) * columns + j - 1;
        if reference[i - 1] == found[j - 1] {
            (i, j) = (i - 1, j - 1);
            indices.push(i);
        } else if drops_found[bit / 64] >> (bit % 64) & 1 == 1 {
            j -= 1;
        } else {
            i -= 1;
        }
    }
    indices
}

/// Updates the lengths of the common subsequences with every prefix of `items` for one more `item`.
///
/// `visit` receives every index, and whether leaving out that item of `items` gives a longer
/// subsequence than leaving out `item`.
fn step<T: PartialEq>(
    row: &mut [usize],
    item: &T,
    items: &[T],
    mut visit: impl FnMut(usize, bool),
) {
    // The entry of the previous row one column to the left.
    let mut diagonal = 0;
    for (j, other) in items.iter().enumerate() {
        let above = row[j + 1];
        visit(j, row[j] > above);
        row[j + 1] = if item == other { diagonal + 1 } else { above.max(row[j]) };
        diagonal = above;
    }
}
