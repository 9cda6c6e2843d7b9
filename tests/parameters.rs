//! Parameters have a name and a type of their own: none is packed with others into a tuple or an array.

use crate::layout::{code, sources};

/// Functions of each folder that still pack parameters. A number here may only become smaller.
const PACKED: [(&str, usize); 6] = [
    ("bench/src", 0),
    ("datasets/src", 0),
    ("models/kernels/src", 37),
    ("models/src", 22),
    ("report/src", 0),
    ("src", 1),
];

/// Types of equal numbers that together are one thing: a shape, a range, a point.
const SCALARS: [&str; 7] = ["f32", "f64", "i64", "u16", "u32", "u64", "usize"];

/// A function's name and its parameters as they are written.
fn functions(code: &str) -> Vec<(String, Vec<&str>)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let is_word = code[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        let rest = &code[at + 3..];
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let after = rest[name.len()..].trim_start();
        if !is_word || name.is_empty() || !after.starts_with(['(', '<']) {
            continue;
        }
        let after = if after.starts_with('<') { inside(after).1 } else { after };
        let (parameters, _) = inside(after.trim_start());
        found.push((name, split(parameters, ',')));
    }
    found
}

/// Every character of a text with its index and the number of brackets that are open behind it.
fn depths(text: &str) -> impl Iterator<Item = (usize, char, usize)> {
    let (mut depth, mut before) = (0_usize, ' ');
    text.char_indices().map(move |(at, c)| {
        match c {
            '(' | '[' | '{' | '<' => depth += 1,
            // An arrow closes nothing.
            '>' if before == '-' || before == '=' => {}
            ')' | ']' | '}' | '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        before = c;
        (at, c, depth)
    })
}

/// The text between the first character, a bracket, and the one that closes it, and the text behind.
fn inside(text: &str) -> (&str, &str) {
    match depths(text).find(|(.., depth)| *depth == 0) {
        Some((at, c, _)) => (&text[1.min(at)..at], &text[at + c.len_utf8()..]),
        None => ("", ""),
    }
}

/// The parts of a text between separators outside brackets.
fn split(text: &str, separator: char) -> Vec<&str> {
    let ends = depths(text).filter(|(_, c, depth)| *c == separator && *depth == 0);
    let mut begin = 0;
    let mut parts = Vec::new();
    for end in ends.map(|(at, ..)| at).chain([text.len()]) {
        parts.push(text[begin..end].trim());
        begin = (end + separator.len_utf8()).min(text.len());
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Whether a parameter holds several that differ.
fn is_packed(parameter: &str) -> bool {
    let Some((pattern, kind)) = parameter.split_once(": ") else { return false };
    let kind = kind.trim_start_matches(['&', ' ']);
    let is_scalar = |kind: &str| SCALARS.contains(&kind.trim());
    let is_pattern = pattern.trim_start_matches("mut ").starts_with(['(', '[']);
    if let Some(tuple) = kind.strip_prefix('(').and_then(|kind| kind.strip_suffix(')')) {
        let parts = split(tuple, ',');
        let is_one = parts.iter().all(|part| *part == parts[0] && is_scalar(part));
        return parts.len() > 1 && (is_pattern || !is_one);
    }
    if let Some(array) = kind.strip_prefix('[').and_then(|kind| kind.strip_suffix(']')) {
        let element = array.split(';').next().unwrap_or_default();
        return is_pattern && !is_scalar(element);
    }
    is_pattern
}

/// The functions of a folder that pack parameters.
fn packed(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in sources(folder) {
        let lines = code(&text).lines().filter(|line| !line.trim_start().starts_with("//"));
        let text: String = lines.flat_map(|line| [line, "\n"]).collect();
        for (name, parameters) in functions(&text) {
            if parameters.iter().any(|parameter| is_packed(parameter)) {
                found.push(format!("{}: {name}({})", path.display(), parameters.join(", ")));
            }
        }
    }
    found
}

#[test]
fn parameters_are_not_packed() {
    for (folder, count) in PACKED {
        let found = packed(folder);
        assert_eq!(found.len(), count, "{folder}: {found:#?}");
    }
}

#[test]
fn what_is_packed_is_found() {
    let parse = |text: &str| {
        let [(name, parameters)] = functions(text).try_into().unwrap();
        (name, parameters.iter().map(|parameter| is_packed(parameter)).collect::<Vec<bool>>())
    };
    let packed = |text: &str| parse(text).1;
    assert_eq!(packed("fn f(&self, a: usize, b: &[u8]) {}"), [false; 3]);
    assert_eq!(packed("fn f((a, b): (usize, &str), c: u8) {}"), [true, false]);
    assert_eq!(packed("fn f<T: Into<A<B>>>([a, b]: [&Tensor<4>; 2]) {}"), [true]);
    assert_eq!(packed("fn f(ab: &(usize, String)) {}"), [true]);
    assert_eq!(packed("fn f(&mut self, mut (a, b): (Model, f64)) {}"), [false, true]);
    assert_eq!(packed("fn f((gamma, beta): Scale) {}"), [true]);
    // A shape, a point and a function are one thing.
    assert_eq!(packed("fn f([height, width]: [usize; 2], at: (f64, f64)) {}"), [false; 2]);
    assert_eq!(
        packed("fn f(call: &dyn Fn(usize, &str) -> (A, B), n: u8) -> (A, B) {}"),
        [false; 2]
    );
}
