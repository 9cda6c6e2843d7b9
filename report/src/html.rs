//! The report as a single HTML file, without external resources or scripts.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};

use crate::error::ReportError;
use crate::page::Mark;
use crate::sections::page;
use crate::study::Study;

const PAGE: &str = include_str!("templates/page.html");
const PARTS: &str = include_str!("templates/parts.html");
const STYLE: &str = include_str!("templates/style.css");
const CHARTS: &str = include_str!("templates/charts.css");

/// The report as HTML.
///
/// # Errors
///
/// The templates do not match the page: a bug.
pub fn html(study: &Study) -> Result<String, ReportError> {
    let mut templates = Environment::new();
    // All values from outside are escaped; only the drawings and the style sheets are inserted as
    // markup.
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = minijinja::syntax::SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    templates.set_syntax(syntax.build()?);
    templates.add_filter("sign", sign);
    templates.add_template("parts.html", PARTS)?;
    templates.add_template("page.html", PAGE)?;
    let page = minijinja::Value::from(Serde(page(study)));
    let styles = format!("{STYLE}{CHARTS}");
    Ok(templates.get_template("page.html")?.render(context! { page, styles })?)
}

/// The sign of a mark, and its text for screen readers.
fn sign(mark: &str) -> minijinja::Value {
    let (sign, says) = match mark {
        "best" => (Mark::Best.sign(), "best"),
        "tied" => (Mark::Tied.sign(), "not significantly different from the best"),
        "warn" => (Mark::Warn.sign(), "incomplete or out of range"),
        _ => return minijinja::Value::from(""),
    };
    minijinja::Value::from_safe_string(format!(
        r#"<span class="sign" role="img" aria-label="{says}" title="{says}">{sign}</span> "#
    ))
}
