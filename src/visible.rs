//! Text from outside, such as the name of a file, made fit to be shown: on a terminal, in a page, in a log.

use std::fmt::Write;

/// Text from outside in which everything that cannot be seen, or turns the direction of writing, is spelt out.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if c.is_control() || is_invisible(c) => {
                let _ = write!(shown, "\\u{{{:04X}}}", c as u32);
            }
            c => shown.push(c),
        }
    }
    shown
}

/// Characters of Unicode that take no room or change the order of others (general category Cf, as far as names meet it).
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_spelt_out() {
        assert_eq!(visible("a\nb\u{1b}[2J\u{202e}fdp.tif µ 膜"), "a\\nb\\u{001B}[2J\\u{202E}fdp.tif µ 膜");
    }
}
