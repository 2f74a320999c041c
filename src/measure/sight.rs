//! What the network sees in and around an outline, as features.

use super::features::SECTORS;
use crate::network::{Evidence, Map};
use crate::segment::{Contour, RAY_DIRECTIONS, RAYS};

/// Distances from the centre, over the outline's radius along each ray, at which the network's maps are read.
const INSIDE_AT: [f64; 6] = [0.3, 0.6, 0.85, 1.2, 1.45, 1.8];
const EDGE_AT: [f64; 4] = [0.6, 0.85, 1.0, 1.2];
/// Distances within which the middle is looked for.
const MIDDLE_AT: [f64; 4] = [0.15, 0.3, 0.45, 0.6];
/// Where a whole sector that the network takes for outside, inside or no edge tells of a leak, a neighbour or a gap.
const SECTOR_INSIDE_AT: f64 = 0.8;
const SECTOR_OUTSIDE_AT: f64 = 1.3;
const SECTOR_EDGE_AT: f64 = 1.0;
/// Answers beyond this are certain, before the logistic function.
const CERTAIN: f32 = 6.0;

/// Describes one outline by the network's maps.
pub fn sight(evidence: &Evidence, contour: &Contour) -> Vec<f32> {
    let read = |map: Map, k: usize, rho: f64| {
        let [cos, sin] = RAY_DIRECTIONS[k];
        let r = rho * f64::from(contour.radius[k]);
        let (x, y) = (evidence.on_map(contour.x + r * cos), evidence.on_map(contour.y + r * sin));
        evidence.at(map, x, y).clamp(-CERTAIN, CERTAIN)
    };
    let ring = |map: Map, rho: f64| (0..RAYS).map(|k| read(map, k, rho)).sum::<f32>() / RAYS as f32;
    let sectors = |map: Map, rho: f64| {
        let width = RAYS / SECTORS;
        (0..SECTORS).map(move |s| (s * width..(s + 1) * width).map(|k| read(map, k, rho)).sum::<f32>() / width as f32)
    };
    let (x, y) = (evidence.on_map(contour.x), evidence.on_map(contour.y));
    let centre = evidence.at(Map::Middle, x, y).clamp(-CERTAIN, CERTAIN);
    let highest = MIDDLE_AT.iter().flat_map(|&rho| (0..RAYS).map(move |k| (k, rho)));
    let highest = highest.map(|(k, rho)| read(Map::Middle, k, rho)).fold(centre, f32::max);
    let mut f = vec![centre, highest];
    f.extend(INSIDE_AT.map(|rho| ring(Map::Inside, rho)));
    f.extend(EDGE_AT.map(|rho| ring(Map::Edge, rho)));
    f.push(sectors(Map::Inside, SECTOR_INSIDE_AT).fold(f32::MAX, f32::min));
    f.push(sectors(Map::Inside, SECTOR_OUTSIDE_AT).fold(f32::MIN, f32::max));
    f.push(sectors(Map::Edge, SECTOR_EDGE_AT).fold(f32::MAX, f32::min));
    let seen = evidence.radius(x, y) / contour.mean_radius();
    f.push((libm::log(seen) as f32).clamp(-2.0, 2.0));
    f
}
