//! The report as Markdown: everything except the drawings, whose values are in tables.

use std::fmt::Write;

use crate::page::{Align, Cell, Finding, Item, Section, Table};
use crate::sections::page;
use crate::study::Study;

/// The report as Markdown.
pub fn markdown(study: &Study) -> String {
    let page = page(study);
    let mut text = format!("# {}\n\n{}\n", escape(&page.title), escape(&page.lead));
    for finding in &page.findings {
        write_finding(&mut text, finding);
    }
    text.push('\n');
    for fact in &page.facts {
        let _ = writeln!(text, "- {}: {}", escape(fact.label), escape(&fact.value));
    }
    for section in &page.sections {
        write_section(&mut text, section);
    }
    text
}

fn write_finding(text: &mut String, finding: &Finding) {
    let of = match finding.task.as_str() {
        "" => String::new(),
        task => format!("{}: ", escape(task)),
    };
    let sentences: Vec<String> = finding.text.iter().map(|sentence| escape(sentence)).collect();
    let _ = write!(text, "\n**{of}{}.** {}\n", escape(&finding.heading), sentences.join(" "));
}

fn write_section(text: &mut String, section: &Section) {
    let _ = write!(text, "\n## {}\n", escape(&section.heading));
    for paragraph in &section.text {
        let _ = write!(text, "\n{}\n", escape(paragraph));
    }
    for item in &section.items {
        match item {
            Item::Table(table) => write_table(text, table),
            Item::Groups(groups) => {
                groups.groups.iter().flat_map(|group| &group.tables).for_each(|table| {
                    write_table(text, table);
                });
            }
            Item::Code(code) => {
                // A fence longer than all fences in the text, which therefore cannot close it.
                let fence = "`".repeat(longest_run(&code.text).max(2) + 1);
                let (caption, language, code) =
                    (&code.caption, code.language, code.text.trim_end());
                let _ = write!(text, "\n{caption}:\n\n{fence}{language}\n{code}\n{fence}\n");
            }
            // Legends of colors are omitted, because there are no charts.
            Item::Legend(_) => {}
        }
    }
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

fn write_table(text: &mut String, table: &Table) {
    let _ = write!(text, "\n{}:\n\n|", escape(&table.caption));
    for column in &table.columns {
        let _ = write!(text, " {} |", escape(&column.label));
    }
    text.push_str("\n|");
    for column in &table.columns {
        text.push_str(if column.align == Align::Right { "---:|" } else { "---|" });
    }
    for row in &table.rows {
        text.push_str("\n|");
        for cell in row {
            let _ = write!(text, " {} |", of_cell(cell));
        }
    }
    text.push('\n');
}

fn of_cell(cell: &Cell) -> String {
    let mut text = escape(&cell.text);
    if !cell.mark.sign().is_empty() {
        text = format!("{} {text}", cell.mark.sign());
    }
    if cell.note.is_empty() { text } else { format!("{text} ({})", escape(&cell.note)) }
}

/// Text with markup escaped, on one line.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '&' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}
