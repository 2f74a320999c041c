//! Numbers and names as people read them, safe in HTML.

use crate::statistics::Estimate;
use crate::visible::visible;
use std::fmt::Write;

/// What is shown where nothing is known.
pub const UNKNOWN: &str = "–";

/// A number with so many significant digits, without an exponent; [`UNKNOWN`] when it is not finite.
pub fn number(value: f64, digits: i32) -> String {
    if !value.is_finite() {
        return UNKNOWN.into();
    }
    if value == 0.0 {
        return "0".into();
    }
    let magnitude = libm::log10(value.abs()).floor() as i32;
    let decimals = (digits - 1 - magnitude).clamp(0, 12) as usize;
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(zero) if zero.chars().all(|c| matches!(c, '0' | '.')) => zero.into(),
        Some(rest) => format!("−{}", grouped(rest)),
        None => grouped(&text),
    }
}

/// A number that may be unknown.
pub fn maybe(value: Option<f64>, digits: i32) -> String {
    value.map_or_else(|| UNKNOWN.into(), |value| number(value, digits))
}

/// A whole number with thin spaces between thousands.
pub fn count(value: usize) -> String {
    grouped(&value.to_string())
}

/// A share as a percentage.
pub fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.1} %", 100.0 * share).replace('-', "−") } else { UNKNOWN.into() }
}

/// Digits before the point in threes, from five digits on (ISO 80000-1 leaves four together).
fn grouped(text: &str) -> String {
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    if whole.len() < 5 {
        return text.into();
    }
    let mut grouped = String::with_capacity(text.len() + whole.len());
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            grouped.push('\u{202F}');
        }
        grouped.push(digit);
    }
    grouped + rest
}

/// A figure with its interval: `84.2 (80.1 to 88.0)`.
pub fn estimate(estimate: Option<Estimate>, show: impl Fn(f64) -> String) -> String {
    let Some(Estimate { value, low, high }) = estimate else { return UNKNOWN.into() };
    match (low, high) {
        (Some(low), Some(high)) => format!("{} ({} to {})", show(value), show(low), show(high)),
        _ => show(value),
    }
}

/// Text as HTML.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A name from outside as HTML: legible, and without effect on what stands beside it.
pub fn name(text: &str) -> String {
    format!("<bdi class=\"name\">{}</bdi>", escape(&visible(text)))
}

/// A relative path as a link: every byte but those that RFC 3986 never gives a meaning is percent-encoded, `/` kept.
pub fn href(path: &str) -> String {
    let mut link = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => link.push(byte.into()),
            _ => {
                let _ = write!(link, "%{byte:02X}");
            }
        }
    }
    link
}

/// A value as JSON in plain ASCII that can stand in a `script` element: no character in it means anything to HTML, and
/// none is invisible.
pub fn json(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_string(value).unwrap_or_else(|_| "null".into());
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        // Outside of strings, JSON has none of these.
        if c.is_ascii() && !matches!(c, '&' | '<' | '>') {
            plain.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(plain, "\\u{unit:04x}");
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_to_digits_and_never_lie_about_zero() {
        let shown = [0.0, 84.2567, 0.012345, -0.00001, -2.34567, 123_456.0, 1234.0, f64::NAN].map(|v| number(v, 3));
        assert_eq!(shown, ["0", "84.3", "0.0123", "−0.0000100", "−2.35", "123\u{202F}456", "1234", "–"]);
        assert_eq!([percent(0.12345), percent(f64::NAN)], ["12.3 %", "–"]);
    }

    #[test]
    fn names_are_legible_and_inert() {
        assert_eq!(
            name("<img src=x onerror=alert(1)>.tif"),
            "<bdi class=\"name\">&lt;img src=x onerror=alert(1)&gt;.tif</bdi>"
        );
        assert_eq!(visible("a\n\u{202E}fit.exe\0"), "a\\n\\u{202E}fit.exe\\u{0000}");
        assert_eq!(href("a b/#\"é?.html"), "a%20b/%23%22%C3%A9%3F.html");
        assert_eq!(json(&"</script>\u{202E}\u{1F600}"), r#""\u003c/script\u003e\u202e\ud83d\ude00""#);
    }
}
