//! The HTML file: it loads nothing, executes nothing, and shows everything.

use zoo_report::study::{Outcome, Study};
use zoo_report::{html, page, page::Item};

use super::example;

/// Every tag of a text, without the text between tags.
fn tags(text: &str) -> Vec<&str> {
    text.split('<').skip(1).filter_map(|rest| rest.split('>').next()).collect()
}

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    let text = html(&example::study()).unwrap();
    for tag in tags(&text) {
        for attribute in ["src=", "href=\"http", "srcset=", "xlink:", "action=", "url("] {
            assert!(!tag.contains(attribute), "{tag}");
        }
        let events = tag.split(' ').filter(|part| part.starts_with("on") && part.contains('='));
        assert_eq!(events.count(), 0, "{tag}");
        let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap_or_default();
        assert!(!["script", "link", "img", "iframe", "object", "base"].contains(&name), "{tag}");
    }
    for loads in ["@import", "url(", "@font-face", "javascript:"] {
        assert!(!text.contains(loads), "{loads}");
    }
}

#[test]
fn every_tag_that_opens_closes() {
    let text = html(&example::study()).unwrap();
    let mut open: Vec<&str> = Vec::new();
    let mut closed = 0;
    for tag in tags(&text) {
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "after {closed} others");
            closed += 1;
        } else if !tag.ends_with('/') && !["!doctype", "meta", "input"].contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty() && closed > 2000, "{open:?} {closed}");
}

/// A study in which every name and text is HTML markup.
fn hostile() -> Study {
    let evil = "<script>alert(\"1\")</script>'&";
    let mut study = example::study();
    study.title = evil.into();
    study.command = evil.into();
    study.toml = format!("</code></pre>{evil}");
    study.device.description = evil.into();
    study.settings.optimizer = evil.into();
    study.tasks[0].name = evil.into();
    study.tasks[0].about = evil.into();
    study.tasks[0].metric.name = evil.into();
    study.tasks[0].metric.unit = evil.into();
    study.tasks[0].references[0].what = evil.into();
    for of in study.candidates.iter_mut().filter(|of| of.task == "listops") {
        of.task = evil.into();
        of.how = evil.into();
    }
    for run in study.runs.iter_mut().filter(|run| run.task == "listops") {
        run.task = evil.into();
        if let Outcome::Diverged { reason, .. } = &mut run.outcome {
            *reason = evil.into();
        }
    }
    study.costs[0].architecture = evil.into();
    study
}

#[test]
fn a_task_called_script_is_only_a_name() {
    let text = html(&hostile()).unwrap();
    assert!(!text.contains("<script") && !text.contains("</code></pre>&lt;/code"), "escaped");
    assert!(!text.to_lowercase().contains("alert(\""));
    assert!(text.matches("&lt;script&gt;").count() > 40, "and still shown");
    for tag in tags(&text) {
        // An attribute may contain it, but not be closed by it.
        assert_eq!(tag.contains("alert"), tag.contains("script&gt;alert(&quot;1&quot;"), "{tag}");
    }
}

#[test]
fn every_run_and_what_became_of_it_is_listed() {
    let study = example::study();
    let text = html(&study).unwrap();
    for run in &study.runs {
        if let Outcome::Finished { test, .. } = run.outcome {
            assert!(text.contains(&format!("{test:.4}")), "{} {}", run.architecture, run.task);
        }
    }
    for shown in [
        "diverged at step 400",
        "out of memory: 3.1 GiB asked for",
        "2 of 3 runs; 1 diverged at step 400",
        "the model has 512 positions",
        "the losses do not fall steadily",
        "96 runs: 1 diverged and 1 failed",
        &study.tasks[0].data_hash,
        "Tay et al. 2021",
        "zoo compare bert modernbert",
        "warm-up over 50 steps",
        "1.95.0",
    ] {
        assert!(text.contains(shown), "{shown}");
    }
}

#[test]
fn every_drawing_has_a_title_a_description_and_a_table() {
    let study = example::study();
    let text = html(&study).unwrap();
    let drawings = text.matches("role=\"img\"><title>").count();
    assert_eq!(text.matches("</title><desc>").count(), drawings);
    // Dots 4, curves 4 x 4, costs 5, scaling 1, learning rates 4.
    assert_eq!(drawings, 4 + 16 + 5 + 1 + 4);
    for section in page(&study).sections {
        let has_charts = section.items.iter().any(
            |item| matches!(item, Item::Groups(of) if of.groups.iter().any(|g| !g.charts.is_empty())),
        );
        let has_table = section.items.iter().any(|item| matches!(item, Item::Table(_)));
        assert!(!has_charts || has_table, "{}", section.id);
    }
}

#[test]
fn tables_are_rectangular() {
    for section in page(&example::study()).sections {
        for item in section.items {
            let tables = match item {
                Item::Table(table) => vec![table],
                Item::Groups(of) => of.groups.into_iter().flat_map(|group| group.tables).collect(),
                Item::Code(_) | Item::Legend(_) => vec![],
            };
            for table in tables {
                assert!(!table.rows.is_empty(), "{}", table.caption);
                for row in &table.rows {
                    assert_eq!(row.len(), table.columns.len(), "{}", table.caption);
                }
            }
        }
    }
}

#[test]
fn a_study_of_nothing_is_still_a_report() {
    let study = Study { costs: vec![], scaling: vec![], ..example::empty() };
    let text = html(&study).unwrap();
    assert!(text.contains("Tasks, settings and the command that reproduces the study"));
    let sweep = example::empty();
    assert!(html(&sweep).unwrap().contains("id=\"lengths\""));
}

#[test]
fn a_sweep_says_its_law_first() {
    let mut sweep = example::empty();
    sweep.tasks = vec![example::task("tinyshakespeare", example::bits())];
    let findings = page(&sweep).findings;
    assert_eq!(findings.len(), 8);
    assert_eq!(
        findings[0].heading,
        "bert: loss = 75 · C⁻ᵇ + 1.15 with b = 0.136 (95\u{a0}% interval 0.126 to 0.146)"
    );
    assert!(findings[7].heading.contains("no scaling law, because the losses do not fall"));
    assert!(findings[0].text[0].contains("at size 3M"), "{}", findings[0].text[0]);
}
