//! The picture as the finder of marks looks at it: 8 bits, with room above and below the specimen's own grey values for
//! shades that no camera recorded.

/// Values that are looked at to find the range of a picture.
const SAMPLES_MAX: usize = 1 << 17;
/// Share of the values that lie beyond either end of the specimen's own range.
const TAIL_SHARE: f64 = 1e-3;
/// Room on either side of that range, as a share of it.
const ROOM: f32 = 0.25;
/// Largest grey value of 8 bits.
const TOP: f32 = 255.0;

/// Grey values of 8 bits, row-major.
pub(super) struct Plane {
    pub width: usize,
    pub height: usize,
    pub value: Vec<u8>,
}

impl Plane {
    /// Of grey values in any units. Pictures of 8 bits stay as they are; of others, the ends of the range leave room for
    /// what was drawn in blacker than black or whiter than white. `None` where there is nothing to look at.
    pub fn of(grey: &[f32], width: usize, height: usize) -> Option<Self> {
        if width == 0 || height == 0 || width.checked_mul(height)? != grey.len() {
            return None;
        }
        let of_bytes = |v: &f32| (0.0..=TOP).contains(v);
        // What became of colours in 8 bits has fractions.
        let bytes = grey.iter().all(of_bytes) && grey.iter().any(|v| *v > 2.0);
        let (low, scale) = if bytes { (0.0, 1.0) } else { range(grey)? };
        let value = grey.iter().map(|v| ((v - low) * scale + 0.5).clamp(0.0, TOP) as u8).collect();
        Some(Self { width, height, value })
    }

    pub fn row(&self, y: usize) -> &[u8] {
        &self.value[y * self.width..][..self.width]
    }

    pub fn at(&self, x: usize, y: usize) -> u8 {
        self.value[y * self.width + x]
    }

    /// A part of it, with black and white exchanged if `inverted`.
    pub fn part(&self, x: std::ops::Range<usize>, y: std::ops::Range<usize>, inverted: bool) -> Self {
        let turn = if inverted { u8::MAX } else { 0 };
        let value = y.clone().flat_map(|y| self.row(y)[x.clone()].iter().map(|v| v ^ turn)).collect();
        Self { width: x.len(), height: y.len(), value }
    }
}

/// What becomes 0 and how many steps of 8 bits a unit is.
fn range(grey: &[f32]) -> Option<(f32, f32)> {
    let mut sample: Vec<f32> =
        grey.iter().step_by(grey.len().div_ceil(SAMPLES_MAX)).copied().filter(|v| v.is_finite()).collect();
    if sample.is_empty() {
        return None;
    }
    let tail = (sample.len() as f64 * TAIL_SHARE) as usize;
    let last = sample.len() - 1;
    let low = *sample.select_nth_unstable_by(tail, f32::total_cmp).1;
    let high = *sample.select_nth_unstable_by(last - tail, f32::total_cmp).1;
    let span = high - low;
    (span > 0.0 && span.is_finite()).then(|| (low - ROOM * span, TOP / (span * (1.0 + 2.0 * ROOM))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stay_as_they_are_and_other_values_leave_room() {
        let bytes = Plane::of(&[0.0, 3.0, 255.0, 254.6], 2, 2).unwrap();
        assert_eq!(bytes.value, [0, 3, 255, 255]);
        let counts: Vec<f32> = (0..10_000).map(|i| 1000.0 + (i % 1000) as f32).chain([65_535.0; 3]).collect();
        let plane = Plane::of(&counts, counts.len(), 1).unwrap();
        assert_eq!(plane.value[counts.len() - 1], 255);
        assert!(plane.value[..10_000].iter().all(|v| (40..215).contains(v)));
    }

    #[test]
    fn what_is_no_picture_is_none() {
        assert!(Plane::of(&[], 0, 0).is_none());
        assert!(Plane::of(&[1.0; 5], 2, 3).is_none());
        assert!(Plane::of(&[f32::NAN; 4], 2, 2).is_none());
        assert!(Plane::of(&[7e9; 4], 2, 2).is_none());
    }
}
