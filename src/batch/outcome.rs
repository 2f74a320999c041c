//! How a run ended, and what that means to the one who started it.

use std::str::FromStr;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    pub images: usize,
    pub failed: usize,
    /// Of these, files that could not be read at all, which may pass.
    pub unread: usize,
}

/// From how many failed images on a run counts as failed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum FailOn {
    /// Failed images are told, but the run is fine.
    None,
    /// One is enough.
    #[default]
    Any,
    /// More than this share of the images, %.
    Percent(f64),
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "none" => Ok(Self::None),
            "any" => Ok(Self::Any),
            share => share
                .strip_suffix('%')
                .and_then(|number| number.trim().parse().ok())
                .filter(|percent| (0.0..=100.0).contains(percent))
                .map(Self::Percent)
                .ok_or_else(|| format!("'{text}' is no limit of failures: write none, any, or a share such as 5%")),
        }
    }
}

impl Outcome {
    /// Exit code: 0 fine, 1 too many images failed, 3 not one could be analysed.
    pub fn exit_code(&self, fail_on: FailOn) -> u8 {
        if self.failed > 0 && self.failed == self.images { 3 } else { self.exit_code_of_part(fail_on) }
    }

    /// That of a part of a run, of which all images may fail without saying anything of the whole.
    pub fn exit_code_of_part(&self, fail_on: FailOn) -> u8 {
        u8::from(match fail_on {
            FailOn::None => false,
            FailOn::Any => self.failed > 0,
            FailOn::Percent(limit) => self.failed as f64 * 100.0 > limit * self.images as f64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_count_from_the_limit_on() {
        let code = |failed, limit: &str| Outcome { images: 40, failed, unread: 0 }.exit_code(limit.parse().unwrap());
        assert_eq!(["none", "any", "0%", "5%"].map(|limit| code(0, limit)), [0, 0, 0, 0]);
        assert_eq!(["none", "any", "0%", "5%", "2.5 %"].map(|limit| code(2, limit)), [0, 1, 1, 0, 1]);
        assert_eq!(["none", "any", "100%"].map(|limit| code(40, limit)), [3, 3, 3]);
        for wrong in ["", "5", "-1%", "101%", "all", "nan%"] {
            assert!(wrong.parse::<FailOn>().is_err(), "{wrong}");
        }
    }
}
