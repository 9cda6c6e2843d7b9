//! Parameters have a name and a type of their own: none is packed with others into a tuple or an array. What other
//! files see of a type or a function has no tuple of different things either: a struct names them.

use std::path::PathBuf;

use zoo_fingerprint::code_lines;

use crate::layout::{folders, sources};

/// What other files see with a tuple of different things: the output of an operation, and what its backward pass keeps.
const TUPLES: [&str; 1] = [
    "models/kernels/src/gradient.rs: trait Operation<const N: usize>: Clone + Debug + Send + 'static {",
];

/// Types of equal numbers that together are one thing: a shape, a range, a point.
const SCALARS: [&str; 8] = ["f32", "f64", "i32", "i64", "u16", "u32", "u64", "usize"];

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
pub(crate) fn split(text: &str, separator: char) -> Vec<&str> {
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

/// Whether a type contains a tuple of different things. Items of iterators may be pairs, as those of a map are.
fn has_tuple(kind: &str) -> bool {
    kind.match_indices('(').any(|(at, _)| {
        let before = kind[..at].trim_end();
        // The parameters of a function type or the fields of a variant are no tuple.
        let is_tuple =
            !before.ends_with(|c: char| c.is_alphanumeric()) && !before.ends_with("Item =");
        let parts = split(inside(&kind[at..]).0, ',');
        let is_one = parts.iter().all(|part| *part == parts[0] && SCALARS.contains(part));
        is_tuple && parts.len() > 1 && !is_one
    })
}

/// A text up to the first of some characters outside brackets, or to the end of the brackets around it.
fn until<'a>(text: &'a str, ends: &[char]) -> &'a str {
    let mut outer = 0;
    let is_end = |(_, c, depth): &(usize, char, usize)| {
        let is_outside = outer == 0 && (ends.contains(c) || (*depth == 0 && ")]}".contains(*c)));
        outer = *depth;
        is_outside
    };
    depths(text).find(is_end).map_or(text, |(at, ..)| &text[..at])
}

/// The types of a function: those of its parameters and of its result.
fn signature(function: &str) -> String {
    let signature = until(function, &['{', ';']);
    let name = signature.find(['(', '<']).unwrap_or(signature.len());
    let rest = &signature[name..];
    let rest = if rest.starts_with('<') { inside(rest).1 } else { rest };
    let (parameters, result) = inside(rest);
    format!("{parameters}; {result};")
}

/// What the code declares for other files: a name and its types. Those of a field, a function, a constant, of all
/// variants of an enum, of all functions of a trait.
fn declared(code: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("pub") {
        let before = code[..at].chars().next_back();
        let rest = &code[at + 3..];
        let rest = if rest.starts_with('(') { inside(rest).1 } else { rest };
        if before.is_some_and(|c| !c.is_whitespace() && c != '(') || !rest.starts_with(' ') {
            continue;
        }
        let rest = rest.trim_start();
        let (word, after) = rest.split_once([' ', ':']).unwrap_or((rest, ""));
        let functions = |text: &str| -> String {
            text.split("fn ")
                .skip(1)
                .map(|function| signature(function).to_string() + ";")
                .collect()
        };
        let types = match word {
            "use" | "mod" | "struct" | "union" => continue,
            "fn" | "const" | "unsafe" | "async" if until(rest, &['{', ';']).contains("fn ") => {
                functions(until(rest, &['{', ';']))
            }
            "const" | "static" => until(after, &['=']).to_string(),
            "type" => until(after, &[';']).to_string(),
            "enum" => {
                after.find('{').map_or(String::new(), |at| inside(&after[at..]).0.to_string())
            }
            "trait" => {
                after.find('{').map_or(String::new(), |at| functions(inside(&after[at..]).0))
            }
            _ => until(rest, &[',', ')', '}', ';']).to_string(),
        };
        let name = rest.lines().next().unwrap_or_default();
        found.push((name, types));
    }
    found
}

/// The code of a folder's files, without comments, attributes and the contents of strings.
fn texts(folder: &str) -> impl Iterator<Item = (PathBuf, String)> {
    sources(folder).into_iter().map(|(path, text)| {
        let text: String = code_lines(&text).flat_map(|line| [line, "\n"]).collect();
        (path, text.split('"').step_by(2).collect())
    })
}

/// The functions of a folder that pack parameters.
fn packed(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in texts(folder) {
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
    let found: Vec<String> = folders().flat_map(packed).collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn other_files_see_no_tuples() {
    let mut found = Vec::new();
    for (path, text) in folders().flat_map(texts) {
        let tuples = declared(&text).into_iter().filter(|(_, types)| has_tuple(types));
        found.extend(tuples.map(|(name, _)| format!("{}: {name}", path.display())));
    }
    assert_eq!(found, TUPLES);
}

#[test]
fn what_other_files_see_is_found() {
    let has = |text: &str| declared(text).iter().any(|(_, types)| has_tuple(types));
    assert!(has("pub fn f<T: Into<A<B>>>(x: &T) -> Result<(A, B), C> {}"));
    assert!(has("pub(super) const fn f(x: Option<&[(&str, u8)]>) {}"));
    assert!(has("struct A { pub x: Vec<(usize, B)>, y: u8 }"));
    assert!(has("pub struct A(pub (B, C));"));
    assert!(has("pub(crate) const A: &[(&str, B)] = &[];"));
    assert!(has("pub type A = (B, C);"));
    assert!(has("pub enum A { B, C((D, E)) }"));
    assert!(has("pub trait A { fn f(&self) -> u8; fn g(&self) -> (B, C) { h() } }"));
    // What no other file sees.
    assert!(!has("fn f(x: (A, B)) {} struct A { x: (B, C) } impl A { fn g() -> (B, C) {} }"));
    assert!(!has("pub fn f<A, B>(x: A, y: &dyn Fn(A, B) -> C) -> C { let z = (x, y); }"));
    assert!(!has("pub enum A { B(C, D), E { f: G, h: I } }"));
    // A point, and the items of a map.
    assert!(!has("pub fn f(at: (f64, f64)) -> impl Iterator<Item = (&A, &B)> {}"));
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
