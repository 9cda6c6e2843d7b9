//! Formatting of numbers.

use crate::number;
use crate::study::Interval;

fn around(middle: f64, half: f64) -> Option<Interval> {
    Some(Interval { low: middle - half, high: middle + half })
}

#[test]
fn a_score_has_the_digits_that_its_interval_warrants() {
    let shown = [(0.012, "0.834"), (0.034, "0.83"), (0.12, "0.83"), (0.31, "0.8"), (4.0, "1")];
    for (half, text) in shown {
        assert_eq!(number::value(0.83412, around(0.83412, half)), text, "half {half}");
    }
    assert_eq!(number::value(83.412, around(83.412, 25.0)), "83");
}

#[test]
fn without_a_spread_three_digits_are_shown() {
    assert_eq!(number::value(0.83412, None), "0.834");
    assert_eq!(number::value(8.3412, None), "8.34");
    assert_eq!(number::value(83.412, None), "83.4");
    assert_eq!(number::value(100.0, None), "100");
    // Three seeds with the same score.
    assert_eq!(number::value(0.5, around(0.5, 0.0)), "0.500");
    assert_eq!(number::range(Interval { low: 0.5, high: 0.5 }), "0.500 to 0.500");
}

#[test]
fn signs_are_true_and_zero_has_none() {
    assert_eq!(number::fixed(-0.0004, 2), "0.00");
    assert_eq!(number::fixed(-0.004, 3), "\u{2212}0.004");
    assert_eq!(number::percent(1.234), "+1.2\u{a0}%");
    assert_eq!(number::percent(0.001), "0.00\u{a0}%");
    assert_eq!(number::fixed(f64::NAN, 2), "not finite");
}

#[test]
fn large_numbers_have_prefixes() {
    assert_eq!(number::si(999.0), "999");
    assert_eq!(number::si(999_600.0), "1.00\u{a0}M");
    assert_eq!(number::si(1_234_567.0), "1.23\u{a0}M");
    assert_eq!(number::si(2.5e15), "2.50\u{a0}P");
    assert_eq!(number::bytes(1023), "1023\u{a0}B");
    assert_eq!(number::bytes(3 << 29), "1.50\u{a0}GiB");
    assert_eq!(number::compact(1_000_000.0), "1\u{a0}M");
    assert_eq!(number::compact(5000.0), "5000");
    assert_eq!(number::compact(0.30000000000000004), "0.3");
    assert_eq!(number::grouped(9_100_000), "9\u{202f}100\u{202f}000");
    assert_eq!(number::speed(9137.0), "9140");
    assert_eq!(number::speed(12_345.0), "12\u{202f}300");
}

#[test]
fn times_read_as_one_says_them() {
    assert_eq!(number::duration(4.26), "4.3\u{a0}s");
    assert_eq!(number::duration(59.7), "1\u{a0}min");
    assert_eq!(number::duration(250.0), "4\u{a0}min 10\u{a0}s");
    assert_eq!(number::duration(7500.0), "2\u{a0}h 5\u{a0}min");
    assert_eq!(number::duration(f64::NAN), "unknown");
}

#[test]
fn probabilities_are_never_zero() {
    assert_eq!(number::p_value(0.0), "p < 0.001");
    assert_eq!(number::p_value(0.0123), "p = 0.012");
    assert_eq!(number::p_value(1.0), "p = 1.00");
}

#[test]
fn names_are_listed_as_in_a_sentence() {
    assert_eq!(number::list(&["a"]), "a");
    assert_eq!(number::list(&["a", "b", "c"]), "a, b and c");
    assert_eq!(number::short_list(&["a", "b", "c", "d"], 3), "a, b and 2 others");
    assert_eq!(number::short_list(&["a", "b", "c"], 3), "a, b and c");
}
