//! How events read to people.

use super::{Event, KernelDone};

const MINUTE_S: f64 = 60.0;
const HOUR_S: f64 = 60.0 * MINUTE_S;

/// The line of an event, if people care.
pub(super) fn read(event: &Event) -> Option<String> {
    Some(match event {
        Event::RunStarted { version, out, files, device } => {
            format!("cupule {version}: {files} files on {device} into {out}")
        }
        Event::ImageDone { image, accepted, border, rejected, seconds, stages, .. } => {
            let stages: Vec<String> = stages.iter().map(|(name, seconds)| format!("{name} {seconds:.2}")).collect();
            format!(
                "{image}: {accepted} accepted, {border} border, {rejected} rejected; {seconds:.2} s ({})",
                stages.join(", ")
            )
        }
        Event::ImageKept { image } => format!("{image}: kept"),
        Event::DeviceDone { kernels } => {
            let said = kernels.iter().map(|KernelDone { kernel, dispatches, seconds, bytes }| {
                let rate = *bytes as f64 / 1e9 / seconds.max(f64::MIN_POSITIVE);
                format!("{kernel} {dispatches} x, {:.1} ms, {rate:.1} GB/s", 1e3 * seconds)
            });
            format!("on the device: {}", said.collect::<Vec<_>>().join("; "))
        }
        Event::ImageFailed { path: "", cause, .. } => format!("error: {cause}"),
        Event::ImageFailed { path, cause, .. } => format!("error: {path}: {cause}"),
        Event::Warning { image: Some(image), warning } => format!("warning: {image}: {warning}"),
        Event::Warning { image: None, warning } => format!("warning: {warning}"),
        Event::Heartbeat { .. } => heartbeat(event)?,
        Event::Reporting { images } => format!("writing tables and pages of {images} images"),
        Event::RunFinished { line: "", .. } | Event::ImageStarted { .. } => return None,
        Event::RunFinished { line, .. } => (*line).to_owned(),
        Event::Error { error, .. } => format!("error: {error}"),
    })
}

/// `312 of 1000 images, 2 failed, 1.8 images/s, 6 min left, now NAME`.
fn heartbeat(event: &Event) -> Option<String> {
    let Event::Heartbeat {
        images_done,
        images_total,
        images_kept: _,
        images_failed,
        images_per_second,
        seconds_left,
        image,
        is_reporting,
    } = event
    else {
        return None;
    };
    let of = images_total.map(|total| format!(" of {total}")).unwrap_or_default();
    let mut parts = vec![format!("{images_done}{of} images"), format!("{images_failed} failed")];
    match images_per_second {
        Some(rate) if *rate < 1.0 => parts.push(format!("{:.1} s/image", 1.0 / rate)),
        Some(rate) => parts.push(format!("{rate:.1} images/s")),
        None => {}
    }
    parts.push(match seconds_left {
        Some(seconds) => format!("{} left", duration(*seconds)),
        None => "time left unknown".into(),
    });
    let now = if *is_reporting { Some("tables and pages") } else { *image };
    parts.extend(now.map(|now| format!("now {now}")));
    Some(parts.join(", "))
}

/// Seconds as people say them, rounded up: nobody minds being early.
fn duration(seconds: f64) -> String {
    if seconds <= MINUTE_S {
        return format!("{:.0} s", seconds.ceil());
    }
    let minutes = (seconds / MINUTE_S).ceil();
    if seconds <= HOUR_S {
        return format!("{minutes:.0} min");
    }
    let per_hour = HOUR_S / MINUTE_S;
    format!("{:.0} h {:.0} min", (minutes / per_hour).floor(), minutes % per_hour)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_in_the_unit_that_fits() {
        let said = [0.2, 60.0, 61.0, 3600.0, 3601.0, 7200.5, 1e6].map(duration);
        assert_eq!(said, ["1 s", "60 s", "2 min", "60 min", "1 h 1 min", "2 h 1 min", "277 h 47 min"]);
    }

    #[test]
    fn a_heartbeat_says_only_what_is_known() {
        let mut event = Event::Heartbeat {
            images_done: 312,
            images_total: Some(1000),
            images_kept: 0,
            images_failed: 2,
            images_per_second: Some(1.81),
            seconds_left: Some(355.0),
            image: Some("day/a.dm4"),
            is_reporting: false,
        };
        assert_eq!(read(&event).unwrap(), "312 of 1000 images, 2 failed, 1.8 images/s, 6 min left, now day/a.dm4");
        let Event::Heartbeat { images_total, images_per_second, seconds_left, image, .. } = &mut event else { return };
        (*images_total, *images_per_second, *seconds_left, *image) = (None, Some(0.04), None, None);
        assert_eq!(read(&event).unwrap(), "312 images, 2 failed, 25.0 s/image, time left unknown");
    }
}
