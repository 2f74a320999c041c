//! Whether a run differs from the first, in figures and in words.

use super::Member;
use crate::report::page::text::number;
use crate::statistics::{Difference, Estimate, median_difference, share_difference};
use serde::Serialize;

/// One run against the first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contrast {
    pub run: String,
    pub against: String,
    /// D50 of the run minus that of the first, nm, with its 95 % interval by image.
    pub d50_nm: Option<Difference>,
    pub d50_verdict: String,
    /// EV-like fraction by number of the run minus that of the first, with its 95 % interval by image.
    pub ev_like_fraction: Option<Difference>,
    pub ev_like_verdict: String,
}

impl Contrast {
    pub(super) fn new(first: &Member, other: &Member) -> Self {
        let d50_nm = median_difference(&first.summary, &other.summary);
        let ev_like_fraction = first.ev_like_by_image.zip(other.ev_like_by_image).map(|(a, b)| share_difference(a, b));
        let points = ev_like_fraction.map(|d| Estimate {
            value: 100.0 * d.value,
            low: d.low.map(|v| 100.0 * v),
            high: d.high.map(|v| 100.0 * v),
        });
        let verdict = |what, unit, difference| verdict(what, unit, [&first.name, &other.name], difference);
        Self {
            d50_verdict: verdict("D50", "nm", d50_nm),
            ev_like_verdict: verdict("EV-like fraction", "percentage points", points),
            run: other.name.clone(),
            against: first.name.clone(),
            d50_nm,
            ev_like_fraction,
        }
    }
}

/// What the interval of a difference says.
fn verdict(what: &str, unit: &str, [first, other]: [&str; 2], difference: Option<Difference>) -> String {
    let Some(Estimate { value, low, high }) = difference else {
        return format!("{what}: '{first}' and '{other}' cannot be compared, because one of them has none.");
    };
    let amount = |v: f64| number(v.abs(), 2);
    let word = if value < 0.0 { "smaller" } else { "larger" };
    match low.zip(high) {
        None => format!(
            "{what} of '{other}' is {} {unit} {word} than that of '{first}'; there is too little to tell whether this is \
             chance.",
            amount(value)
        ),
        Some((low, high)) if low > 0.0 || high < 0.0 => {
            let (least, most) = if low > 0.0 { (low, high) } else { (high, low) };
            format!(
                "{what} of '{other}' is {} {unit} {word} than that of '{first}' (95 %: {} to {} {unit}).",
                amount(value),
                amount(least),
                amount(most)
            )
        }
        Some((low, high)) => format!(
            "{what}: no difference shown between '{first}' and '{other}' ('{other}' minus '{first}': {} {unit}; 95 %: {} \
             to {} {unit}).",
            number(value, 2),
            number(low, 2),
            number(high, 2)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: f64, interval: Option<(f64, f64)>) -> String {
        let estimate = Estimate { value, low: interval.map(|i| i.0), high: interval.map(|i| i.1) };
        verdict("D50", "nm", ["A", "B"], Some(estimate))
    }

    #[test]
    fn words_follow_the_interval() {
        assert_eq!(of(12.0, Some((5.2, 19.0))), "D50 of 'B' is 12 nm larger than that of 'A' (95 %: 5.2 to 19 nm).");
        assert_eq!(
            of(-12.0, Some((-19.0, -5.2))),
            "D50 of 'B' is 12 nm smaller than that of 'A' (95 %: 5.2 to 19 nm)."
        );
        assert!(of(3.0, Some((-4.0, 10.0))).contains("no difference shown"));
        assert!(of(3.0, None).contains("too little to tell"));
        assert!(verdict("D50", "nm", ["A", "B"], None).contains("cannot be compared"));
    }
}
