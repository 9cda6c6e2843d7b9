//! Files of a crate do not import each other in circles: descriptions lie below, implementations above them, tables on
//! top. A file that only declares and re-exports imports nothing: what it passes on is imported from where it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use zoo_fingerprint::code_lines;

use crate::layout::{only_declares, sources};
use crate::parameters::split;

/// Crates without circles, by the folder of their sources.
const ACYCLIC: [&str; 3] = ["datasets/src", "models/kernels/src", "report/src"];

/// The names of a module or of an item, from the crate's root.
type Names = Vec<String>;

/// A file as a module.
#[derive(Default)]
struct Module {
    file: PathBuf,
    /// Whether it only declares and re-exports.
    is_index: bool,
    /// The modules that it declares.
    children: BTreeSet<String>,
    /// The paths of its imports, and those in its expressions and types.
    paths: Vec<Names>,
    /// What it passes on: the name, or `*`, and the path that it stands for.
    reexports: Vec<(String, Names)>,
    /// Imported names that paths can begin with.
    aliases: BTreeMap<String, Names>,
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
    let file = file.to_path_buf();
    let mut module = Module { file, is_index: only_declares(&text), ..Module::default() };
    let text: String = code_lines(&text).flat_map(|line| [line, "\n"]).collect();
    // A visibility such as `pub(in crate::a)` imports nothing.
    let mut parts = text.split("(in ");
    let first = parts.next().unwrap_or_default().to_string();
    let text =
        parts.filter_map(|part| part.split_once(')')).fold(first, |text, (_, rest)| text + rest);
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
fn without_visibility(statement: &str) -> (bool, &str) {
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
    let ends = split(inner, ',').into_iter().flat_map(leaves);
    let whole = |(names, alias): (Names, String)| match names.as_slice() {
        [only] if only == "self" => (prefix.clone(), prefix[prefix.len() - 1].clone()),
        _ => ([&prefix[..], &names].concat(), alias),
    };
    ends.map(whole).collect()
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
        let named = module.paths.iter().filter(|_| !module.is_index);
        let held = named.filter_map(|path| holder(modules, path));
        (path, held.filter(|held| *held != path && !modules[*held].is_index).collect())
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
    for folder in ACYCLIC {
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
    let c = ("a/c.rs", "use crate::a::{\n    self as all, Other,\n};\nstruct C;\n");
    for b in [
        "use super::c::C;\nstruct B;\n",
        "use crate::{a::C};\nstruct B;\n",
        "fn f() {\n    super::c::f();\n}\n",
        "use crate::a as all;\nfn f() {\n    all::f();\n}\n",
        "use super::super::a;\nfn f() -> a::C {}\n",
    ] {
        assert_eq!(found(&[root, index, ("a/b.rs", b), c]), circular, "{b}");
    }
    let tested = "#[cfg(test)]\nmod tests {\n    use super::super::c::C;\n}\n";
    assert_eq!(found(&[root, index, ("a/b.rs", &format!("struct B;\n\n{tested}")), c]), None);
}
