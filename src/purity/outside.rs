//! What other methods said, and what follows when it is put beside the micrographs.

use super::Sample;
use crate::statistics::Summary;
use serde::{Deserialize, Serialize};

/// Figures of other methods. Nothing here corrects a diameter: dried vesicles are expected to be smaller than what NTA sees,
/// whose diameter is hydrodynamic, and no readable source gives a factor that would hold for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Outside {
    pub nta_median_nm: Option<f64>,
    pub nta_per_ml: Option<f64>,
    pub protein_ug_per_ml: Option<f64>,
    /// Particles that NTA counted per µg of protein; NTA counts everything that scatters.
    pub particles_per_ug: Option<f64>,
    /// Median of the micrographs over that of NTA; below 1 is expected.
    pub median_ratio: Option<f64>,
}

impl Outside {
    pub(super) fn new(sample: &Sample, summary: &Summary) -> Self {
        let (nta, protein) = (&sample.nta, sample.protein.ug_per_ml);
        let d50 = summary.weighted.d50_nm.map(|d50| d50.value);
        Self {
            nta_median_nm: nta.median_nm,
            nta_per_ml: nta.particles_per_ml,
            protein_ug_per_ml: protein,
            particles_per_ug: nta.particles_per_ml.zip(protein).map(|(count, ug)| count / ug),
            median_ratio: d50.zip(nta.median_nm).map(|(tem, nta)| tem / nta),
        }
    }
}
