//! From a recipe to the flags that it stands for.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, Command};
use toml::{Table, Value};

use super::{is_switch, key, section};
use crate::datasets::nearest::nearest;

/// Settings whose defaults follow from another, by the id of that flag.
const FOLLOWS: [Follows; 6] = [
    Follows { flag: "lr", others: &["min-lr"] },
    Follows { flag: "steps", others: &["warmup"] },
    Follows { flag: "epochs", others: &["warmup"] },
    Follows { flag: "eval_interval", others: &["checkpoint-interval"] },
    Follows { flag: "image_size", others: &["patch-size"] },
    Follows {
        flag: "optimizer",
        others: &[
            "lr",
            "min-lr",
            "weight-decay",
            "momentum",
            "nesterov",
            "beta1",
            "beta2",
            "epsilon",
        ],
    },
];

struct Follows {
    flag: &'static str,
    others: &'static [&'static str],
}

/// The command line with the flags of a recipe in place of its path: those that are not on the
/// command line themselves. A command line without a recipe is returned as it is.
///
/// # Errors
///
/// A recipe that cannot be read, or that has an unknown key or an invalid value; the message names
/// the file, and the nearest known key.
pub(in crate::cli) fn expand(
    program: Command,
    arguments: Vec<OsString>,
) -> Result<Vec<OsString>, String> {
    let mut lenient = program.ignore_errors(true);
    let Ok(matches) = lenient.try_get_matches_from_mut(&arguments) else {
        return Ok(arguments);
    };
    let Some(("train", matches)) = matches.subcommand() else {
        return Ok(arguments);
    };
    let family = matches.get_raw("family").and_then(|mut values| values.next());
    let is_given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let Some(path) = family.filter(|family| Path::new(family).extension() == Some("toml".as_ref()))
    else {
        return Ok(arguments);
    };
    let Some(flags) = lenient.find_subcommand("train").filter(|_| !is_given("resume")) else {
        return Ok(arguments);
    };
    let recipe = Path::new(path);
    let entries = read(recipe, flags)?;
    let given: HashSet<&str> = flags
        .get_arguments()
        .map(|flag| flag.get_id().as_str())
        .filter(|id| is_given(id))
        .collect();
    let is_replaced = |flag: &Arg| {
        let own = flag.get_id().as_str();
        let conflicts = |flag: &Arg, other: &str| {
            flags.get_arg_conflicts_with(flag).iter().any(|arg| arg.get_id() == other)
        };
        let follows =
            |base: &&Follows| given.contains(base.flag) && base.others.contains(&key(flag));
        (own != "family" && given.contains(own))
            || FOLLOWS.iter().any(|base| follows(&base))
            || flags.get_arguments().any(|other| {
                let id = other.get_id().as_str();
                let is_other = id != "family" && id != own && given.contains(id);
                is_other && (conflicts(flag, id) || conflicts(other, own))
            })
    };
    let kept = entries.iter().filter(|entry| !is_replaced(entry.flag));
    let mut expanded: Vec<OsString> =
        kept.flat_map(|entry| &entry.words).map(OsString::from).collect();
    if !given.contains("out") && entries.iter().all(|entry| key(entry.flag) != "out") {
        expanded.extend(["--out".into(), free_directory(recipe).into_os_string()]);
    }
    let at = arguments.iter().rposition(|argument| argument == path).unwrap_or_default();
    let [before, after] = [&arguments[..at], &arguments[at + 1..]];
    Ok([before, after, &expanded[..]].concat())
}

/// A setting of a recipe.
struct RecipeEntry<'a> {
    flag: &'a Arg,
    /// The flag with its values.
    words: Vec<String>,
}

fn read<'a>(path: &Path, flags: &'a Command) -> Result<Vec<RecipeEntry<'a>>, String> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let recipe: Table = text.parse().map_err(|error| format!("{name}: {error}"))?;
    let is_setting = |flag: &&Arg| section(flag).is_some() && flag.get_id() != "resume";
    let known: Vec<&Arg> = flags.get_arguments().filter(is_setting).collect();
    let sections: Vec<String> = known.iter().filter_map(|flag| section(flag)).collect();
    let mut entries = Vec::new();
    for (title, table) in &recipe {
        if !sections.contains(title) {
            if let Some(flag) = known.iter().find(|flag| key(flag) == title) {
                let section = section(flag).unwrap_or_default();
                return Err(format!("{name}: {title} is a key of the section [{section}]"));
            }
            let all: BTreeSet<&str> = sections.iter().map(String::as_str).collect();
            let known = match nearest(title, all.iter().copied()) {
                Some(near) => format!("the nearest is [{near}]"),
                None => format!("there are {}", all.into_iter().collect::<Vec<_>>().join(", ")),
            };
            return Err(format!("{name}: unknown section [{title}]; {known}"));
        }
        let Value::Table(table) = table else {
            return Err(format!("{name}: {title} is a section, with its keys below [{title}]"));
        };
        for (own, value) in table {
            let is_own = |flag: &&&Arg| key(flag) == own && section(flag).as_ref() == Some(title);
            let Some(flag) = known.iter().find(is_own) else {
                return Err(format!("{name}: {}", unknown(title, own, &known)));
            };
            let words = words(flag, value)
                .map_err(|expected| format!("{name}: {own} in [{title}] must be {expected}"))?;
            entries.push(RecipeEntry { flag, words });
        }
    }
    check(path, flags, &entries)?;
    Ok(entries)
}

fn unknown(title: &str, own: &str, known: &[&Arg]) -> String {
    if let Some(flag) = known.iter().find(|flag| key(flag) == own) {
        let section = section(flag).unwrap_or_default();
        return format!("{own} is a key of the section [{section}], not of [{title}]");
    }
    let near = nearest(own, known.iter().map(|flag| key(flag)));
    if let Some(flag) = known.iter().find(|flag| Some(key(flag)) == near) {
        let section = section(flag).unwrap_or_default();
        return format!(
            "unknown key {own} in [{title}]; the nearest is {} in [{section}]",
            key(flag)
        );
    }
    let of_section = known.iter().filter(|flag| section(flag).as_deref() == Some(title));
    let keys: Vec<&str> = of_section.map(|flag| key(flag)).collect();
    format!("unknown key {own} in [{title}]; there are {}", keys.join(", "))
}

/// A flag with its values.
fn words(flag: &Arg, value: &Value) -> Result<Vec<String>, &'static str> {
    let is_positional = flag.get_long().is_none();
    let one = |value: &Value| -> Result<String, &'static str> {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            _ => return Err("a number or a text"),
        };
        Ok(if is_positional { value } else { format!("--{}={value}", key(flag)) })
    };
    match value {
        Value::Boolean(true) if is_switch(flag) => Ok(vec![format!("--{}", key(flag))]),
        Value::Boolean(false) if is_switch(flag) => Ok(Vec::new()),
        _ if is_switch(flag) => Err("true or false"),
        Value::Array(values) => values.iter().map(one).collect(),
        value => Ok(vec![one(value)?]),
    }
}

/// Checks the values, so that an error names the file.
fn check(path: &Path, flags: &Command, entries: &[RecipeEntry<'_>]) -> Result<(), String> {
    let words = entries.iter().flat_map(|entry| &entry.words);
    let alone = flags.clone().ignore_errors(false).no_binary_name(true);
    match alone.try_get_matches_from(words) {
        Err(error)
            if matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation) =>
        {
            let message = error.to_string();
            let line = message.lines().next().unwrap_or_default();
            Err(format!("{}: {}", path.display(), line.trim_start_matches("error: ")))
        }
        _ => Ok(()),
    }
}

/// A directory for a run that does not exist: beside the recipe's run, or named like the recipe.
fn free_directory(recipe: &Path) -> PathBuf {
    let is_run =
        |folder: &&Path| !folder.as_os_str().is_empty() && folder.join("training").is_dir();
    let folder = recipe.parent().filter(is_run);
    let first = match folder {
        Some(run) => run.to_path_buf(),
        None => Path::new("runs").join(recipe.file_stem().unwrap_or_default()),
    };
    let numbered = |number: usize| {
        let mut name = first.clone().into_os_string();
        name.push(format!("-{number}"));
        PathBuf::from(name)
    };
    let mut candidates = std::iter::once(first.clone()).chain((2..).map(numbered));
    candidates.find(|path| !path.exists()).unwrap_or(first.clone())
}
