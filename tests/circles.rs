//! Files of a crate do not import each other in circles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use zoo_fingerprint::code_lines;

use crate::layout::sources;
use crate::parameters::split;

/// Crates without circles, by the folder of their sources.
const ACYCLIC: [&str; 1] = ["models/kernels/src"];

/// The names of a module and of those that contain it, from the crate's root.
type Module = Vec<String>;

/// The module of a file, by its path from the root file's folder.
fn module(path: &Path) -> Module {
    let parts = path.with_extension("");
    let mut parts: Module = parts.iter().map(|part| part.to_str().unwrap().to_string()).collect();
    let is_root = parts.len() == 1 && matches!(parts[0].as_str(), "lib" | "main");
    if is_root || parts.last().is_some_and(|name| name == "mod") {
        parts.pop();
    }
    parts
}

/// The paths of a tree of imports, such as `a::{b, c::d}`.
fn leaves(tree: &str) -> Vec<Vec<String>> {
    let (stem, branches) = match tree.split_once('{') {
        Some((stem, rest)) => (stem, rest.rsplit_once('}').map(|(branches, _)| branches)),
        None => (tree, None),
    };
    // Without a new name behind `as`.
    let names = stem.split("::").filter_map(|name| name.split_whitespace().next());
    let stem: Vec<String> = names.map(str::to_string).collect();
    match branches {
        None => vec![stem],
        Some(branches) => {
            let ends = split(branches, ',').into_iter().flat_map(leaves);
            ends.map(|end| [stem.clone(), end].concat()).collect()
        }
    }
}

/// The paths in the code of a file: its imports, and those in expressions and types.
fn paths(text: &str) -> Vec<Vec<String>> {
    let lines = code_lines(text);
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    // A visibility such as `pub(in crate::a)` imports nothing.
    let mut parts = text.split("pub(in ");
    let first = parts.next().unwrap_or_default().to_string();
    let rest = parts.filter_map(|part| part.split_once(')')).map(|(_, rest)| rest);
    let text: String = [first.as_str()].into_iter().chain(rest).collect();

    let mut found = Vec::new();
    let mut others = String::new();
    for (index, part) in text.split("use ").enumerate() {
        let is_import = index > 0 && (others.is_empty() || others.ends_with(char::is_whitespace));
        match part.split_once(';') {
            Some((tree, rest)) if is_import => {
                found.extend(leaves(tree));
                others.push_str(rest);
            }
            _ => others.push_str(part),
        }
    }
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':');
    let words = others.split(|c| !is_part(c)).filter(|word| word.contains("::"));
    found.extend(words.map(|word| leaves(word).concat()));
    found
}

/// The module that a path leads to or into, seen from a module; `None` if it is of another crate.
fn target(own: &Module, path: &[String], modules: &BTreeMap<Module, usize>) -> Option<usize> {
    let (first, rest) = path.split_first()?;
    let mut place = own.clone();
    let mut rest = rest;
    match first.as_str() {
        "crate" => place.clear(),
        "self" => {}
        "super" => {
            place.pop();
            while rest.first().is_some_and(|name| name == "super") {
                place.pop();
                rest = &rest[1..];
            }
        }
        child => {
            place.push(child.to_string());
            modules.get(&place)?;
        }
    }
    for name in rest {
        place.push(name.clone());
        if !modules.contains_key(&place) {
            place.pop();
            break;
        }
    }
    modules.get(&place).copied()
}

/// The groups of files that import each other, given all files of a crate with their texts.
fn circles(files: &[(PathBuf, String)]) -> Vec<Vec<String>> {
    let modules: BTreeMap<Module, usize> =
        files.iter().enumerate().map(|(index, (path, _))| (module(path), index)).collect();
    let imports: Vec<BTreeSet<usize>> = files
        .iter()
        .map(|(path, text)| {
            let own = module(path);
            paths(text).iter().filter_map(|path| target(&own, path, &modules)).collect()
        })
        .collect();
    let reached: Vec<BTreeSet<usize>> = (0..files.len())
        .map(|index| {
            let mut seen = BTreeSet::new();
            let mut open = vec![index];
            while let Some(file) = open.pop() {
                // A file may use its own path.
                let others = imports[file].iter().copied().filter(|other| *other != file);
                open.extend(others.filter(|other| seen.insert(*other)));
            }
            seen
        })
        .collect();
    let groups: BTreeSet<Vec<usize>> = (0..files.len())
        .filter(|index| reached[*index].contains(index))
        .map(|index| {
            reached[index]
                .iter()
                .copied()
                .filter(|other| reached[*other].contains(&index))
                .collect()
        })
        .collect();
    let name = |index: usize| files[index].0.display().to_string();
    groups.into_iter().map(|group| group.into_iter().map(name).collect()).collect()
}

#[test]
fn files_do_not_import_each_other_in_circles() {
    for folder in ACYCLIC {
        let inside = |(path, text): (PathBuf, String)| {
            (path.strip_prefix(folder).unwrap().to_path_buf(), text)
        };
        let files: Vec<_> = sources(folder).into_iter().map(inside).collect();
        let found = circles(&files);
        assert!(found.is_empty(), "{folder}: {found:#?}");
    }
}

#[test]
fn circles_are_found() {
    let found = |files: &[(&str, &str)]| {
        let files: Vec<_> =
            files.iter().map(|(path, text)| (PathBuf::from(path), text.to_string())).collect();
        circles(&files)
    };
    let root = ("lib.rs", "mod a;\nmod b;\npub use a::{A, deep::Deep};");
    let a = ("a/mod.rs", "mod deep;\nuse crate::b::B;");
    let b =
        ("b.rs", "struct B;\n// use crate::a;\n#[cfg(test)]\nmod tests {\n    use crate::a;\n}");
    assert!(found(&[root, a, b, ("a/deep.rs", "pub(in crate::a) use std::{fmt, a};")]).is_empty());
    for deep in ["use super::A;", "fn f() -> super::A {}", "use super::super::{b::B, a::{A as X}};"]
    {
        let child = ("a/deep.rs", deep);
        assert!(found(&[root, a, b, child]).is_empty(), "a parent that uses no child: {deep}");
        let parent = ("a/mod.rs", "mod deep;\nfn f() { deep::g() }");
        assert_eq!(found(&[root, parent, b, child]), [["a/mod.rs", "a/deep.rs"]], "{deep}");
    }
    let back = ("b.rs", "fn f() {\n    use crate::a::deep::Deep;\n}");
    let deep = ("a/deep.rs", "use crate::{a, b::B};");
    assert_eq!(found(&[root, a, back, deep]).concat(), ["a/mod.rs", "b.rs", "a/deep.rs"]);
    assert_eq!(found(&[("lib.rs", "mod c;\nuse c::C;"), ("c.rs", "use crate::D;")]).len(), 1);
}
