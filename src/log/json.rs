//! How events read to programs: JSON Lines (<https://jsonlines.org>).

use super::Event;
use crate::clock;
use crate::visible::visible;
use serde::Serialize;
use std::time::SystemTime;

/// What happened to the images, told with the end of a run. These depend on where earlier runs were interrupted, so no
/// result may hold them.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Tally {
    pub images_analysed: usize,
    pub images_kept: usize,
    pub images_failed: usize,
}

#[derive(Serialize)]
struct Line<'a> {
    time_utc: String,
    #[serde(flatten)]
    event: &'a Event<'a>,
    #[serde(flatten)]
    tally: Option<Tally>,
}

/// An event as one line without its end. The time is the clock's, whatever `SOURCE_DATE_EPOCH` says: logs are no results.
pub(super) fn line(event: &Event, tally: Option<Tally>) -> String {
    let line = Line { time_utc: clock::utc(SystemTime::now()), event, tally };
    inert(serde_json::to_string(&line).unwrap_or_default())
}

/// The same JSON with every character escaped that would work on a terminal or can't be seen there. All of them stand inside
/// of strings: JSON itself has none.
fn inert(json: String) -> String {
    if visible(&json) == json {
        return json;
    }
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if visible(c.encode_utf8(&mut [0; 4])).chars().eq([c]) {
            escaped.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                escaped += &format!("\\u{unit:04x}");
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_inert_and_read_back() {
        let image = "a\n\u{1b}[2J\u{7f}\u{9b}\u{202e}\u{e0041}\"\\é.tif";
        let json = line(&Event::ImageKept { image }, None);
        assert!(visible(&json) == json && json.contains('é'), "{json}");
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["image"], image);
    }
}
