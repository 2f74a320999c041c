//! Tables of the page.

use super::text::{count, escape};
use std::fmt::Write;

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Text(String),
    /// Set to the right.
    Number(String),
    /// Already HTML.
    Html(String),
}

/// A heading, and whether numbers stand below it.
pub type Heading<'a> = (&'a str, bool);

/// Most rows at which a table is shown whole; a longer one gets a window of its own.
const ROWS_WHOLE: usize = 16;

/// Letters from which a text gets a wide column.
const LONG: usize = 40;

/// A table; the first cell of a row names the row.
pub fn table(caption: &str, headings: &[Heading], rows: &[Vec<Cell>]) -> String {
    let tall = if rows.len() > ROWS_WHOLE { " tall" } else { "" };
    let caption = escape(caption);
    // What can be scrolled must be reachable by keyboard.
    let mut html = format!(
        "<div class=\"scroll{tall}\" role=\"group\" tabindex=\"0\" aria-label=\"{caption}\"><table><caption>{caption}</caption><thead><tr>"
    );
    for (heading, is_number) in headings {
        let class = if *is_number { " class=\"num\"" } else { "" };
        let _ = write!(html, "<th scope=\"col\"{class}>{}</th>", escape(heading));
    }
    html.push_str("</tr></thead><tbody>");
    for row in rows {
        html.push_str("<tr>");
        for (i, cell) in row.iter().enumerate() {
            let (class, text) = match cell {
                Cell::Text(text) if text.chars().count() > LONG => (" class=\"long\"", escape(text)),
                Cell::Text(text) => ("", escape(text)),
                Cell::Number(text) => (" class=\"num\"", escape(text)),
                Cell::Html(text) => ("", text.clone()),
            };
            let _ = match i {
                0 => write!(html, "<th scope=\"row\"{class}>{text}</th>"),
                _ => write!(html, "<td{class}>{text}</td>"),
            };
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

/// Where the rest of a list is that is too long for the page; nothing when it is whole.
pub fn not_listed(listed: usize, all: usize, file: &str) -> String {
    if listed >= all {
        return String::new();
    }
    let (listed, all) = (count(listed), count(all));
    format!("<p>The first {listed} of {all} are listed here; all are in <code>{}</code>.</p>\n", escape(file))
}

/// A table that is folded away below a line.
pub fn folded(summary: &str, caption: &str, headings: &[Heading], rows: &[Vec<Cell>]) -> String {
    format!("<details><summary>{}</summary>{}</details>\n", escape(summary), table(caption, headings, rows))
}

/// Short facts: name and value, the value already HTML.
pub fn facts(facts: &[(&str, String)]) -> String {
    let lines = facts.iter().map(|(name, value)| format!("<dt>{}</dt><dd>{value}</dd>", escape(name)));
    format!("<dl class=\"facts\">{}</dl>\n", lines.collect::<String>())
}

/// Warnings in a box; nothing without any.
pub fn warnings(heading: &str, warnings: &[String]) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    let lines = warnings.iter().map(|warning| format!("<li>{}</li>", escape(&crate::visible::visible(warning))));
    format!("<div class=\"warnings\"><h3>{}</h3><ul>{}</ul></div>\n", escape(heading), lines.collect::<String>())
}
