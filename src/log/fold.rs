//! The same words about image after image: the first few are told, the others counted.

/// Different texts that are told apart; memory must not grow with the number of images.
const KINDS_MAX: usize = 100;

/// Counts texts of one sort, such as warnings.
#[derive(Debug)]
pub(super) struct Fold {
    /// Of each kind, so many are told.
    shown: usize,
    kinds: Vec<Kind>,
    /// Beyond [`KINDS_MAX`].
    others: usize,
}

#[derive(Debug)]
struct Kind {
    /// The text with its numbers blanked: they differ from image to image and make no other warning.
    key: String,
    /// As it was first told.
    text: String,
    is_varied: bool,
    count: usize,
}

impl Fold {
    pub fn new(shown: usize) -> Self {
        Self { shown, kinds: Vec::new(), others: 0 }
    }

    /// Counts a text about an image; says whether to tell it.
    pub fn takes(&mut self, text: &str) -> bool {
        let key = without_numbers(text);
        if let Some(kind) = self.kinds.iter_mut().find(|kind| kind.key == key) {
            kind.count += 1;
            kind.is_varied |= kind.text != text;
            return kind.count <= self.shown;
        }
        if self.kinds.len() == KINDS_MAX {
            self.others += 1;
            return false;
        }
        self.kinds.push(Kind { key, text: text.to_owned(), is_varied: false, count: 1 });
        true
    }

    /// Lines about those that were only counted; begins anew.
    pub fn end(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        for kind in self.kinds.drain(..) {
            let images = match kind.count.saturating_sub(self.shown) {
                0 => continue,
                1 => "1 more image".to_owned(),
                more => format!("{more} more images"),
            };
            let varied = if kind.is_varied { " (with numbers of their own)" } else { "" };
            lines.push(format!("and {images}: {}{varied}", kind.text));
        }
        if self.others > 0 {
            lines.push(format!("and {} more of other kinds; the tables have them all", self.others));
            self.others = 0;
        }
        lines
    }
}

fn without_numbers(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '0'..='9' if key.ends_with('#') => {}
            '0'..='9' => key.push('#'),
            c => key.push(c),
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_told_and_the_others_counted() {
        let mut fold = Fold::new(3);
        let told = (0..100).filter(|_| fold.takes("no pixel size")).count();
        assert_eq!(told, 3);
        assert_eq!((0..4).filter(|n| fold.takes(&format!("image 0 of {}", n * 9))).count(), 3);
        assert!(fold.takes("once"));
        assert_eq!(
            fold.end(),
            ["and 97 more images: no pixel size", "and 1 more image: image 0 of 0 (with numbers of their own)"]
        );
        assert!(fold.takes("no pixel size") && fold.end().is_empty());
    }

    #[test]
    fn memory_does_not_grow_with_different_texts() {
        let mut fold = Fold::new(3);
        let name = |n: usize| n.to_string().chars().map(|c| char::from(c as u8 + 49)).collect::<String>();
        let told = (0..10_000).filter(|&n| fold.takes(&name(n))).count();
        assert_eq!((told, fold.kinds.len()), (KINDS_MAX, KINDS_MAX));
        assert_eq!(fold.end(), ["and 9900 more of other kinds; the tables have them all"]);
    }
}
