//! Labels in their shortest form.

/// A label in its shortest form: `1.0` is `1`, because programs that write tables turn whole numbers
/// into fractions. Texts that are no decimal number are unchanged, and so is `007`.
pub(super) fn shortest(text: &str) -> &str {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let Some((whole, fraction)) = text.split_once('.') else {
        return text;
    };
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    let is_number = digits(unsigned)
        && (unsigned == "0" || !unsigned.starts_with('0'))
        && fraction.bytes().all(|byte| byte.is_ascii_digit());
    match is_number {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::shortest;

    #[test]
    fn equal_numbers_are_one_label() {
        for (text, expected) in [
            ("0.0", "0"),
            ("1.", "1"),
            ("-2.50", "-2.5"),
            ("10", "10"),
            ("100.0", "100"),
            ("007.0", "007.0"),
            ("1.0.0", "1.0.0"),
            (".5", ".5"),
            ("v1.0", "v1.0"),
            ("yes", "yes"),
        ] {
            assert_eq!(shortest(text), expected);
        }
    }
}
