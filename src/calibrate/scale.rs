//! The resolver of the pixel size.

use crate::image::{Source, Statement};
use crate::units::PixelSize;
use serde::Serialize;

/// Pixels less square than this are worth a warning, `|x/y - 1|`. Drift correction alone leaves 0.0002.
const MAX_ANISOTROPY: f64 = 0.02;
/// Witnesses further apart than this are worth a warning: the image was probably resampled.
const MAX_DISAGREEMENT: f64 = 0.03;
/// Pixels outside this range, nm, are possible but rare: finer than any lens resolves, or as coarse as a vesicle.
const USUAL_NM: std::ops::RangeInclusive<f64> = 0.02..=50.0;

/// What one source said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Witness {
    pub source: Source,
    /// `None` when the statement means no possible pixel size.
    pub value: Option<PixelSize>,
    /// The statement in the file's own words.
    pub raw: String,
    /// Why it can't decide.
    pub refused: Option<String>,
    /// Why it may be wrong although it can be true.
    pub doubt: Option<String>,
}

impl Witness {
    /// The value of a witness that may decide.
    fn believed(&self) -> Option<PixelSize> {
        self.value.filter(|_| self.refused.is_none())
    }
}

impl From<&Statement> for Witness {
    /// A statement with its value, or with the reason against it. Impossible sizes are refused here.
    fn from(statement: &Statement) -> Self {
        let possible = |(x, y)| {
            PixelSize::new(x, y).ok_or(format!("a pixel of {x} x {y} nm is not possible in an electron micrograph"))
        };
        let (value, refused) = match statement.nm.clone().and_then(possible) {
            Ok(value) => (Some(value), None),
            Err(reason) => (None, Some(reason)),
        };
        Self { source: statement.source, value, raw: statement.raw.clone(), refused, doubt: statement.doubt.clone() }
    }
}

/// What a person decided about the pixel size.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct ScaleRequest {
    /// The pixel size that they gave, which overrides every file.
    pub pixel_size: Option<PixelSize>,
    /// Whether a scale bar that was read may decide alone.
    pub trust_scale_bar: bool,
}

/// The pixel size that won, and the whole hearing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scale {
    /// `None`: sizes can only be given in pixels.
    pub pixel_size: Option<PixelSize>,
    pub source: Source,
    /// Everyone who said something, in falling order of trust.
    pub witnesses: Vec<Witness>,
    pub warnings: Vec<String>,
}

/// Decides on the pixel size: the first in the order of [`Source`] whose value is possible wins; one with a doubt only
/// where nobody without is left.
///
/// A scale bar decides only where it is trusted or another witness agrees with it; a print resolution never. Warns of
/// pixels that are not square (2 %) or unusual, of doubts about the winner, and of witnesses that disagree (3 %).
pub fn pixel_size(statements: &[Statement], request: &ScaleRequest) -> Scale {
    let typed = request.pixel_size.map(|p| Statement::new(Source::User, p.to_string(), Ok((p.x_nm, p.y_nm))));
    let mut witnesses: Vec<Witness> = typed.iter().chain(statements).map(Witness::from).collect();
    witnesses.sort_by_key(|witness| witness.source);
    hear_with_reserve(&mut witnesses, request.trust_scale_bar);

    let believed: Vec<&Witness> = witnesses.iter().filter(|w| w.believed().is_some()).collect();
    let winner = believed.iter().find(|w| w.doubt.is_none()).or(believed.first()).copied();
    let pixel_size = winner.and_then(Witness::believed);
    Scale {
        pixel_size,
        source: winner.map_or(Source::None, |w| w.source),
        warnings: winner.map(|w| warnings(w, &witnesses)).unwrap_or_default(),
        witnesses,
    }
}

/// Refuses the witnesses that may not decide alone.
fn hear_with_reserve(witnesses: &mut [Witness], trust_scale_bar: bool) {
    for i in 0..witnesses.len() {
        let Some(value) = witnesses[i].value else { continue };
        let agreed = || witnesses.iter().enumerate().any(|(j, w)| j != i && w.value.is_some_and(|v| !differ(v, value)));
        match witnesses[i].source {
            Source::ScaleBar if !trust_scale_bar && !agreed() => {
                let reason =
                    "a reading that nothing else confirms; check it and give --trust-scale-bar or --pixel-size";
                witnesses[i].refused = Some(reason.into());
            }
            Source::Print => witnesses[i].refused = Some("a print resolution says nothing of the specimen".into()),
            _ => {}
        }
    }
}

fn warnings(winner: &Witness, witnesses: &[Witness]) -> Vec<String> {
    let mut warnings = Vec::new();
    let Some(size) = winner.value else { return warnings };
    let by = winner.source.name();
    if let Some(doubt) = &winner.doubt {
        warnings.push(format!("the pixel size of {} by {by} is doubtful: {doubt}", size));
    }
    if size.anisotropy() > MAX_ANISOTROPY {
        warnings.push(format!("the pixels are not square: {} by {by}", size));
    }
    if !USUAL_NM.contains(&size.x_nm) || !USUAL_NM.contains(&size.y_nm) {
        warnings.push(format!("the pixel size of {} by {by} is unusual for vesicles; check it", size));
    }
    // What a print resolution says differs nearly always and means nothing.
    let heard = || witnesses.iter().filter(|w| w.source != Source::Print).filter_map(|w| Some((w.source, w.value?)));
    for (i, (source, size)) in heard().enumerate() {
        for (other_source, other) in heard().skip(i + 1).filter(|(_, other)| differ(size, *other)) {
            warnings.push(format!(
                "two pixel sizes disagree: {} by {}, {} by {}; was the image resampled?",
                size,
                source.name(),
                other,
                other_source.name()
            ));
        }
    }
    warnings
}

fn differ(a: PixelSize, b: PixelSize) -> bool {
    let far = |a: f64, b: f64| (a / b - 1.0).abs() > MAX_DISAGREEMENT;
    far(a.x_nm, b.x_nm) || far(a.y_nm, b.y_nm)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(source: Source, nm: f64) -> Statement {
        Statement::new(source, format!("{nm} nm"), Ok((nm, nm)))
    }

    fn by_user(nm: f64) -> ScaleRequest {
        ScaleRequest { pixel_size: PixelSize::square(nm), ..Default::default() }
    }

    #[test]
    fn the_first_believable_witness_wins_and_all_are_kept() {
        let statements = [said(Source::ImageJ, 0.6), said(Source::Mrc, 0.6)];
        let scale = pixel_size(&statements, &by_user(0.61));
        assert_eq!((scale.source, scale.pixel_size), (Source::User, PixelSize::square(0.61)));
        assert_eq!(scale.witnesses.len(), 3);

        let scale = pixel_size(&statements, &ScaleRequest::default());
        assert_eq!((scale.source, scale.warnings.len()), (Source::Mrc, 0));

        let scale = pixel_size(&[said(Source::Mrc, 0.0), said(Source::ImageJ, 0.6)], &ScaleRequest::default());
        assert_eq!((scale.source, scale.witnesses.len()), (Source::ImageJ, 2));
        assert!(scale.witnesses[0].refused.is_some());
    }

    #[test]
    fn what_cannot_be_true_is_refused() {
        for nm in [0.0, -1.0, f64::NAN, f64::INFINITY, 9e-4, 1.1e4] {
            let scale = pixel_size(&[said(Source::Dm, nm)], &ScaleRequest::default());
            assert_eq!((scale.pixel_size, scale.source), (None, Source::None), "{nm}");
            assert!(scale.witnesses[0].refused.is_some(), "{nm}");
        }
        let told = |nm| pixel_size(&[said(Source::Dm, nm)], &ScaleRequest::default()).warnings.len();
        assert_eq!([0.019, 0.021, 49.0, 51.0].map(told), [1, 0, 0, 1]);
    }

    #[test]
    fn a_doubtful_witness_wins_only_alone() {
        let doubtful = Statement { doubt: Some("a default".into()), ..said(Source::Mrc, 0.1) };
        let scale = pixel_size(&[doubtful.clone(), said(Source::Sidecar, 0.1)], &ScaleRequest::default());
        assert_eq!((scale.source, scale.warnings.len()), (Source::Sidecar, 0));
        let scale = pixel_size(&[doubtful], &ScaleRequest::default());
        assert_eq!((scale.source, scale.warnings.len()), (Source::Mrc, 1));
    }

    #[test]
    fn a_scale_bar_needs_trust_or_a_second_witness() {
        let bar = said(Source::ScaleBar, 0.5);
        let trusting = ScaleRequest { trust_scale_bar: true, ..Default::default() };
        assert_eq!(pixel_size(std::slice::from_ref(&bar), &ScaleRequest::default()).pixel_size, None);
        assert_eq!(pixel_size(std::slice::from_ref(&bar), &trusting).source, Source::ScaleBar);
        let with = |print| pixel_size(&[bar.clone(), said(Source::Print, print)], &ScaleRequest::default());
        assert_eq!(with(0.51).source, Source::ScaleBar);
        let alone = with(352.8);
        assert_eq!((alone.pixel_size, alone.source, alone.warnings.len()), (None, Source::None, 0));
        let beside = pixel_size(&[bar.clone(), said(Source::Fei, 1.0)], &trusting);
        assert_eq!((beside.source, beside.warnings.len()), (Source::Fei, 1));
    }

    #[test]
    fn a_print_resolution_never_decides() {
        let scale = pixel_size(&[said(Source::Print, 0.5)], &ScaleRequest::default());
        assert_eq!((scale.pixel_size, scale.witnesses.len()), (None, 1));
    }

    #[test]
    fn disagreement_beyond_three_percent_is_told() {
        let hear = |nm| pixel_size(&[said(Source::Mrc, 0.6), said(Source::ImageJ, nm)], &ScaleRequest::default());
        assert!(hear(0.617).warnings.is_empty());
        let warnings = hear(0.62).warnings;
        assert!(warnings.len() == 1 && warnings[0].contains("mrc") && warnings[0].contains("imagej"), "{warnings:?}");
    }

    #[test]
    fn pixels_that_are_not_square_are_told() {
        let stated = |y| [Statement::new(Source::Dm, "", Ok((1.0, y)))];
        let told = |y| !pixel_size(&stated(y), &ScaleRequest::default()).warnings.is_empty();
        assert!(told(1.03) && told(0.97) && !told(1.01));
    }
}
