//! Files import each other in one direction: descriptions below, implementations above them, tables on top.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::layout::{code, sources};

/// Folders whose files must not import each other in a circle.
const FOLDERS: [&str; 2] = ["datasets/src", "report/src"];

/// The path of a module or of an item, below the crate.
type Names = Vec<String>;

/// A file as a module.
#[derive(Default)]
struct Module {
    file: PathBuf,
    /// The modules that it declares.
    children: BTreeSet<String>,
    /// The paths that it names: of imports, and those written out in code.
    paths: Vec<Names>,
    /// What it makes available under another path: the name, or `*`, and the path.
    reexports: Vec<(String, Names)>,
    /// Imported names that paths can begin with.
    aliases: BTreeMap<String, Names>,
}

impl Module {
    /// Whether the file only declares and re-exports: what it names is no dependency of its own.
    fn is_index(&self) -> bool {
        ["mod.rs", "lib.rs"].iter().any(|name| self.file.ends_with(name))
    }
}

/// The modules of a crate, by their path.
fn modules(folder: &Path, files: &[(PathBuf, String)]) -> BTreeMap<Names, Module> {
    let mut modules = BTreeMap::new();
    for (file, text) in files {
        let inner = file.strip_prefix(folder).unwrap().with_extension("");
        let mut path: Names = inner.iter().map(|name| name.to_str().unwrap().to_string()).collect();
        if path.contains(&"tests".to_string()) {
            continue;
        }
        path.pop_if(|name| ["mod", "lib", "main"].contains(&name.as_str()));
        let module = parse(file, &path, text);
        modules.insert(path, module);
    }
    modules
}

fn parse(file: &Path, own: &[String], text: &str) -> Module {
    let text = text.replace("#[cfg(test)]\nmod tests;\n", "");
    let lines = code(&text).lines().filter(|line| !line.trim_start().starts_with("//"));
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    let mut module = Module { file: file.to_path_buf(), ..Module::default() };
    let mut rest = String::new();
    for part in text.split_inclusive([';', '}']) {
        rest.push_str(part);
        // The braces of an import end none.
        if without_visibility(&rest).1.starts_with("use ") && !part.ends_with(';') {
            continue;
        }
        take(&mut module, own, &rest);
        rest.clear();
    }
    module
}

/// Whether a statement begins with `pub`, and the statement without that and without attributes.
pub(crate) fn without_visibility(statement: &str) -> (bool, &str) {
    let mut words = statement.trim();
    while let Some(attribute) = words.strip_prefix('#') {
        words = attribute.split_once(']').map_or("", |(_, rest)| rest.trim_start());
    }
    match words.strip_prefix("pub") {
        Some(rest) => (true, rest.trim_start_matches(|c| c != ' ').trim_start()),
        None => (false, words),
    }
}

/// Notes what a statement declares, imports or names.
fn take(module: &mut Module, own: &[String], statement: &str) {
    let (visible, words) = without_visibility(statement);
    if let Some(name) = words.strip_prefix("mod ").and_then(|name| name.strip_suffix(';')) {
        module.children.insert(name.to_string());
    } else if let Some(tree) = words.strip_prefix("use ").and_then(|tree| tree.strip_suffix(';')) {
        for (path, alias) in leaves(tree) {
            let Some(path) = absolute(module, own, &path) else { continue };
            if visible {
                module.reexports.push((alias.clone(), path.clone()));
            }
            module.paths.push(path.clone());
            module.aliases.insert(alias, path);
        }
    } else {
        let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        for path in statement.split(|c: char| !is_path(c)).filter(|path| path.contains("::")) {
            let names = path.split("::").filter(|name| !name.is_empty());
            let names: Names = names.map(str::to_string).collect();
            module.paths.extend(absolute(module, own, &names));
        }
    }
}

/// The paths of an import with their last names: `a::{b, c::d as e}` is `a::b` and `a::c::d`, which is `e`.
fn leaves(tree: &str) -> Vec<(Names, String)> {
    let tree = tree.trim();
    let Some((before, inner)) = tree.split_once('{') else {
        let (path, alias) = tree.split_once(" as ").unwrap_or((tree, ""));
        let names: Names = path.split("::").map(|name| name.trim().to_string()).collect();
        let alias = if alias.is_empty() { names[names.len() - 1].clone() } else { alias.into() };
        return vec![(names, alias)];
    };
    let inner = inner.trim_end().strip_suffix('}').unwrap_or(inner);
    let prefix: Names =
        before.split("::").map(str::trim).filter(|n| !n.is_empty()).map(str::to_string).collect();
    let (mut depth, mut begin, mut found) = (0_usize, 0, Vec::new());
    for (at, c) in inner.char_indices().chain([(inner.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let part = inner[begin..at].trim();
                begin = (at + 1).min(inner.len());
                for (names, alias) in leaves(part).into_iter().filter(|_| !part.is_empty()) {
                    let is_self = names == ["self"];
                    let alias = if is_self { prefix[prefix.len() - 1].clone() } else { alias };
                    let names = if is_self { Vec::new() } else { names };
                    found.push((prefix.iter().cloned().chain(names).collect(), alias));
                }
            }
            _ => {}
        }
    }
    found
}

/// A path from the root of the crate; `None` for another crate's.
fn absolute(module: &Module, own: &[String], path: &[String]) -> Option<Names> {
    let (first, rest) = path.split_first()?;
    let mut base = match first.as_str() {
        "crate" => Vec::new(),
        "self" => own.to_vec(),
        "super" => own[..own.len().checked_sub(1)?].to_vec(),
        name if module.children.contains(name) => [own, &[name.to_string()]].concat(),
        name => module.aliases.get(name)?.clone(),
    };
    for name in rest {
        match name.as_str() {
            "super" => drop(base.pop()),
            "self" => {}
            name => base.push(name.to_string()),
        }
    }
    Some(base)
}

/// The module that holds what a path names, through re-exports.
fn holder<'a>(modules: &'a BTreeMap<Names, Module>, path: &[String]) -> Option<&'a Names> {
    let mut at: Names = Vec::new();
    for (index, name) in path.iter().enumerate() {
        let deeper = [&at[..], std::slice::from_ref(name)].concat();
        if modules.contains_key(&deeper) {
            at = deeper;
            continue;
        }
        let module = modules.get(&at)?;
        let named = module.reexports.iter().filter(|(known, _)| known == name);
        let named = named.map(|(_, path)| path.clone());
        let globs = module.reexports.iter().filter(|(known, _)| known == "*");
        let globs = globs.map(|(_, path)| {
            path.iter().filter(|part| *part != "*").chain([name]).cloned().collect()
        });
        let rest = &path[index + 1..];
        let found = named.chain(globs).find_map(|target: Names| {
            holder(modules, &[&target[..], rest].concat()).filter(|found| **found != at)
        });
        return found.or_else(|| modules.get_key_value(&at).map(|(path, _)| path));
    }
    modules.get_key_value(&at).map(|(path, _)| path)
}

/// The files that each file imports.
fn imports(modules: &BTreeMap<Names, Module>) -> BTreeMap<&Names, BTreeSet<&Names>> {
    let of = |(path, module): (_, &Module)| {
        let named = module.paths.iter().filter(|_| !module.is_index());
        let held = named.filter_map(|path| holder(modules, path));
        (path, held.filter(|held| *held != path && !modules[*held].is_index()).collect())
    };
    modules.iter().map(of).collect()
}

/// Files that import each other in a circle, the first one again at the end.
fn circle(folder: &Path, files: &[(PathBuf, String)]) -> Option<Vec<PathBuf>> {
    let modules = modules(folder, files);
    let imports = imports(&modules);
    let mut done = BTreeSet::new();
    fn visit<'a>(
        at: &'a Names,
        imports: &BTreeMap<&'a Names, BTreeSet<&'a Names>>,
        done: &mut BTreeSet<&'a Names>,
        trail: &mut Vec<&'a Names>,
    ) -> bool {
        if let Some(start) = trail.iter().position(|known| *known == at) {
            trail.drain(..start);
            trail.push(at);
            return true;
        }
        if done.contains(at) {
            return false;
        }
        trail.push(at);
        if imports[at].iter().any(|next| visit(next, imports, done, trail)) {
            return true;
        }
        trail.pop();
        done.insert(at);
        false
    }
    let mut trail = Vec::new();
    let is_found = imports.keys().any(|path| visit(path, &imports, &mut done, &mut trail));
    is_found.then(|| trail.iter().map(|path| modules[*path].file.clone()).collect())
}

#[test]
fn files_import_each_other_in_one_direction() {
    for folder in FOLDERS {
        let files = sources(folder);
        let imports: usize =
            imports(&modules(Path::new(folder), &files)).values().map(BTreeSet::len).sum();
        assert!(imports > files.len(), "{folder}: {imports} imports of {} files", files.len());
        assert_eq!(circle(Path::new(folder), &files), None, "{folder}");
    }
}

#[test]
fn a_circle_is_found_and_a_reexport_is_none() {
    let found = |files: &[(&str, &str)]| {
        let files: Vec<(PathBuf, String)> =
            files.iter().map(|(name, text)| (name.into(), (*text).to_string())).collect();
        circle(Path::new(""), &files)
            .map(|files| files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>())
    };
    let index = ("a/mod.rs", "mod b;\nmod c;\npub use b::{B, Other};\npub(crate) use c::*;\n");
    let root = ("lib.rs", "pub mod a;\n");
    let b = ("a/b.rs", "pub struct B;\npub struct Other;\n");
    assert_eq!(found(&[root, index, b, ("a/c.rs", "use super::B;\nfn c(b: B) {}\n")]), None);
    let circular = Some(["a/b.rs", "a/c.rs", "a/b.rs"].map(String::from).to_vec());
    let c = ("a/c.rs", "use std::fmt;\nuse crate::a::{\n    self as all, Other,\n};\n");
    for b in [
        "use super::c::C;\nstruct B;\n",
        "use crate::{a::C};\n",
        "fn f() {\n    super::c::f();\n}\n",
        "use crate::a as all;\nfn f() {\n    all::f();\n}\n",
        "use super::super::a;\nfn f() -> a::C {}\n",
    ] {
        assert_eq!(found(&[root, index, ("a/b.rs", b), c]), circular, "{b}");
    }
    let tested = "#[cfg(test)]\nmod tests {\n    use super::super::c::C;\n}\n";
    assert_eq!(found(&[root, index, ("a/b.rs", &format!("struct B;\n\n{tested}")), c]), None);
}
