//! The frame of every page: one file that needs nothing from outside and runs nothing but its own script.

use crate::atomic::write_whole;
use crate::error::Result;
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::io;
use std::path::Path;

/// Looks of text, tables and charts.
const BASE_STYLE: &str = include_str!("assets/base.css");

/// A part of a page, with its own heading and its own line in the contents.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Anchor: letters and hyphens.
    pub id: &'static str,
    pub title: &'static str,
    /// HTML in which everything from outside is escaped.
    pub html: String,
}

/// A page.
#[derive(Template)]
#[template(path = "document.html")]
pub struct Document<'a> {
    /// Name of the page, as text.
    title: &'a str,
    /// What stands above the parts, as HTML with the page's `h1`.
    header: &'a str,
    sections: &'a [Section],
    /// What stands below them, as HTML.
    footer: &'a str,
    style: String,
    script: String,
    policy: String,
}

impl<'a> Document<'a> {
    /// A page of the given parts. `style` and `script` are the page's own, beside those of every page.
    pub fn new(
        title: &'a str,
        header: &'a str,
        sections: &'a [Section],
        footer: &'a str,
        style: &str,
        script: &str,
    ) -> Self {
        // Browsers hash the text after they have made every line end a line feed.
        let plain = |text: &str| text.replace("\r\n", "\n");
        let (style, script) = (plain(BASE_STYLE) + &plain(style), plain(script));
        let policy = policy(&style, &script);
        Self { title, header, sections, footer, style, script, policy }
    }

    /// Writes it.
    ///
    /// # Errors
    /// [`crate::error::Error::Output`].
    pub fn write(&self, path: &Path) -> Result<()> {
        write_whole(path, |out| self.write_into(&mut io::BufWriter::new(out)).map_err(io::Error::other))
    }
}

/// What the page may do (Content Security Policy 3): show this style and its own pictures, run this script; no more.
fn policy(style: &str, script: &str) -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let script = if script.is_empty() { "'none'".into() } else { hash(script) };
    format!(
        "default-src 'none'; style-src {}; script-src {script}; img-src data:; base-uri 'none'; form-action 'none'",
        hash(style)
    )
}
