//! What to mind about the figures, in plain words, each with what to do.

use super::bootstrap::RANGES;
use super::population::IMAGES_MIN;
use super::{Population, Spread, Summary, WEIGHT_MAX};

/// Particles below which D10 and D90 rest on ten or fewer.
const FEW_PARTICLES: usize = 100;
/// Images below which the difference between fields is badly known: Student's t is a sixth above that of many at nine.
const FEW_IMAGES: usize = 10;
/// Weight from which few particles decide the weighted figures.
const LARGE_WEIGHT: f64 = 4.0;
/// Index of dispersion from which particles are called clustered, if chance is an unlikely reason.
const CLUSTERED: f64 = 2.0;
/// Standard errors from 1, that of particles scattered at random, that are unlikely to come by chance.
const UNLIKELY: f64 = 3.0;
/// Ratio of pixel sizes from which small particles are seen in some images and not in others.
const PIXEL_SIZE_RATIO: f64 = 2.0;

/// About a summary whose figures are complete.
pub(super) fn warnings(population: &Population, summary: &Summary) -> Vec<String> {
    let all = [
        left_out(summary),
        unscaled(summary),
        few_particles(summary),
        few_images(population, summary),
        one_image(population),
        large_weights(population, summary),
        clustered(summary),
        pixel_sizes(population),
    ];
    all.into_iter().flatten().collect()
}

fn left_out(summary: &Summary) -> Option<String> {
    let failed = summary.failed_image_count;
    (failed > 0).then(|| {
        format!("{} could not be analysed and {} left out: see images.csv for why.", images(failed), are(failed))
    })
}

fn unscaled(summary: &Summary) -> Option<String> {
    let unscaled = summary.unscaled_image_count;
    (unscaled > 0).then(|| {
        let left = if summary.image_count == 0 { "so there are no sizes" } else { "so they are in no figure here" };
        let left = if unscaled == 1 && summary.image_count > 0 { "so it is in no figure here" } else { left };
        format!("{} without a pixel size, {left}: give it with --pixel-size.", have(unscaled))
    })
}

fn few_particles(summary: &Summary) -> Option<String> {
    let count = summary.count;
    match count {
        _ if summary.image_count == 0 => None,
        0 => Some("No vesicle was accepted, so there is no size distribution: look at the overlays for why.".into()),
        _ if count < FEW_PARTICLES => Some(format!(
            "Only {}: D10 and D90 rest on {} or fewer at either end. Analyse more fields.",
            if count == 1 { "1 particle".into() } else { format!("{count} particles") },
            (count / 10).max(1),
        )),
        _ => None,
    }
}

fn few_images(population: &Population, summary: &Summary) -> Option<String> {
    let filled = population.filled_count();
    if filled == 0 {
        return None;
    }
    if !population.is_by_image() {
        return Some(format!(
            "Particles come from {}: the intervals do not contain the difference between fields and are too narrow. \
             Analyse at least {IMAGES_MIN} fields, better {FEW_IMAGES} or more.",
            images(filled)
        ));
    }
    (summary.image_count < FEW_IMAGES).then(|| {
        format!(
            "Only {}: the difference between fields is judged from few, which makes the intervals wide. Analyse \
             {FEW_IMAGES} or more.",
            images(summary.image_count)
        )
    })
}

fn one_image(population: &Population) -> Option<String> {
    let most = population.image_counts.keys().next_back().copied().unwrap_or(0);
    (population.is_by_image() && population.image_weights.effective_count() < IMAGES_MIN as f64).then(|| {
        let share = 100.0 * most as f64 / population.count().max(1) as f64;
        format!(
            "Few images hold most particles (one alone {share:.0} %): the sample is only as good as these. Analyse more \
             fields."
        )
    })
}

fn large_weights(population: &Population, summary: &Summary) -> Option<String> {
    let largest = summary.weight_max.filter(|weight| *weight > LARGE_WEIGHT)?;
    let capped = match population.capped_count {
        0 => String::new(),
        1 => format!(" One nearly fills its image; its weight was held at {WEIGHT_MAX:.0}."),
        count => format!(" {count} nearly fill their images; their weights were held at {WEIGHT_MAX:.0}."),
    };
    Some(format!(
        "Some particles are so large for their images that one counts for {largest:.1} (edge correction), so the weighted \
         figures rest on few.{capped} Take images at lower magnification, and compare with the unweighted figures."
    ))
}

fn clustered(summary: &Summary) -> Option<String> {
    let index = summary.per_image.dispersion_index?;
    let error = (2.0 / (summary.image_count as f64 - 1.0)).sqrt();
    (index > CLUSTERED && index > 1.0 + UNLIKELY * error).then(|| {
        format!(
            "The number of particles varies {index:.0} times as much from image to image as by chance (variance over mean, \
             the index of dispersion): they cluster, or the fields were not alike. Choose fields at places fixed beforehand."
        )
    })
}

fn pixel_sizes(population: &Population) -> Option<String> {
    let Spread { low, high, .. } = population.pixel_nm;
    (high > PIXEL_SIZE_RATIO * low).then(|| {
        format!(
            "Pixel sizes differ from {low:.2} to {high:.2} nm: coarse images miss particles near {:.0} nm, fine ones cut \
             large ones off. Analyse each magnification on its own and compare.",
            RANGES[0].1
        )
    })
}

fn images(count: usize) -> String {
    if count == 1 { "1 image".into() } else { format!("{count} images") }
}

fn have(count: usize) -> String {
    if count == 1 { "1 image is".into() } else { format!("{count} images are") }
}

fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

#[cfg(test)]
mod tests {
    use super::super::planted::{field, population};
    use super::*;
    use crate::units::PixelSize;

    #[track_caller]
    fn says(warning: Option<String>, words: &str) {
        assert!(warning.as_ref().is_some_and(|w| w.contains(words)), "{warning:?}");
    }

    fn with(images: &[usize]) -> Population {
        population(images.iter().map(|&n| field(&vec![80.0; n])))
    }

    #[test]
    fn images_that_are_left_out_are_told() {
        let of = |failed_image_count| left_out(&Summary { failed_image_count, ..Summary::default() });
        assert_eq!(of(0), None);
        says(of(1), "1 image could not be analysed and is left out");
        says(of(2), "2 images could not be analysed and are left out");
        let of = |unscaled_image_count, image_count| {
            unscaled(&Summary { unscaled_image_count, image_count, ..Summary::default() })
        };
        assert_eq!(of(0, 3), None);
        says(of(1, 0), "1 image is without a pixel size, so there are no sizes");
        says(of(1, 2), "1 image is without a pixel size, so it is in no figure here");
        says(of(2, 2), "2 images are without a pixel size, so they are in no figure here");
    }

    #[test]
    fn few_particles_are_said_to_be_few() {
        let of = |count, image_count| few_particles(&Summary { count, image_count, ..Summary::default() });
        assert_eq!((of(0, 0), of(5, 0), of(100, 3)), (None, None, None));
        says(of(0, 3), "No vesicle was accepted");
        says(of(1, 3), "Only 1 particle: D10 and D90 rest on 1 or fewer");
        says(of(99, 3), "Only 99 particles: D10 and D90 rest on 9 or fewer");
    }

    #[test]
    fn few_images_are_said_to_be_few() {
        let of =
            |images: &[usize]| few_images(&with(images), &Summary { image_count: images.len(), ..Summary::default() });
        assert_eq!((of(&[0, 0]), of(&[1; 10])), (None, None));
        says(of(&[1, 1, 0]), "Particles come from 2 images");
        says(of(&[1]), "Particles come from 1 image:");
        says(of(&[1; 9]), "Only 9 images");
    }

    #[test]
    fn an_image_with_most_of_the_particles_is_told() {
        // Worth 3.2 images: 25 squared over 193. With two images there is another warning.
        assert_eq!((one_image(&with(&[8, 8, 8, 1])), one_image(&with(&[10, 1]))), (None, None));
        says(one_image(&with(&[30, 5, 5])), "one alone 75 %");
    }

    #[test]
    fn heavy_particles_are_told() {
        let of = |weight_max, capped_count| {
            large_weights(&Population { capped_count, ..with(&[1]) }, &Summary { weight_max, ..Summary::default() })
        };
        assert_eq!((of(None, 0), of(Some(4.0), 0)), (None, None));
        let plain = of(Some(4.1), 0);
        assert!(plain.as_ref().is_some_and(|w| w.contains("counts for 4.1") && !w.contains("held at")), "{plain:?}");
        says(of(Some(25.0), 1), "One nearly fills its image; its weight was held at 25");
        says(of(Some(25.0), 2), "2 nearly fill their images; their weights were held at 25");
    }

    #[test]
    fn clusters_are_told_when_chance_is_an_unlikely_reason() {
        let of = |index, image_count| {
            let mut summary = Summary { image_count, ..Summary::default() };
            summary.per_image.dispersion_index = Some(index);
            clustered(&summary)
        };
        // Three standard errors of 0.1, 0.5 and 1 above 1.
        assert_eq!((of(2.0, 201), of(2.4, 9), of(3.9, 3)), (None, None, None));
        says(of(2.1, 201), "varies 2 times");
        says(of(2.6, 9), "varies 3 times");
        says(of(4.1, 3), "varies 4 times");
    }

    #[test]
    fn mixed_magnifications_are_told() {
        let of = |sizes: &[f64]| {
            let fields = sizes.iter().map(|&s| super::super::Field { pixel_size: PixelSize::square(s), ..field(&[]) });
            pixel_sizes(&population(fields))
        };
        assert_eq!((of(&[]), of(&[0.5, 1.0])), (None, None));
        says(of(&[0.7, 1.1, 0.5]), "from 0.50 to 1.10 nm: coarse images miss particles near 30 nm");
    }

    #[test]
    fn all_warnings_are_gathered() {
        let population = population([field(&[80.0])]);
        let summary = Summary { image_count: 1, count: 1, failed_image_count: 1, ..Summary::default() };
        let found = warnings(&population, &summary);
        assert_eq!(found.len(), 3, "{found:?}");
    }
}
