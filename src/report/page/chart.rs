//! Charts as SVG: axes, bars, lines, points and shaded intervals, without a script.
//!
//! Colours are classes of the page's style sheet (Okabe and Ito's palette, in both themes); every series has a line style
//! and a marker of its own besides, so that nothing is told by colour alone.

use super::text::{escape, number};
use std::fmt::Write;

/// Size of a chart in units of its own; the page scales it.
const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 300.0;
/// Room for the labels of the axes.
const LEFT: f64 = 62.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 50.0;
/// Height of the legend's row.
const LEGEND: f64 = 20.0;
/// About how many ticks an axis has.
const TICKS: usize = 6;
/// Fewer dots than this are drawn larger.
const FEW_DOTS: usize = 400;
/// Mean width of a letter of the legend.
const LETTER: f64 = 6.6;

/// How a series looks: one of eight colours with their own line styles and markers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Series(pub usize);

impl Series {
    /// Number of different looks.
    pub const COUNT: usize = 8;

    /// Classes of its elements in the style sheet.
    fn class(self) -> String {
        format!("s{}", self.0 % Self::COUNT)
    }

    /// Marker around a point: circle, square, triangle, diamond, cross, in turn.
    fn marker(self, [x, y]: [f64; 2]) -> String {
        const R: f64 = 3.0;
        match self.0 % 5 {
            0 => format!("M{:.1} {y:.1}a{R} {R} 0 1 0 {} 0a{R} {R} 0 1 0 -{} 0z", x - R, 2.0 * R, 2.0 * R),
            1 => format!("M{:.1} {:.1}h{}v{}h-{}z", x - R, y - R, 2.0 * R, 2.0 * R, 2.0 * R),
            2 => format!("M{x:.1} {:.1}l{R} {}h-{}z", y - R, 2.0 * R, 2.0 * R),
            3 => format!("M{x:.1} {:.1}l{R} {R}l-{R} {R}l-{R} -{R}z", y - R),
            _ => format!("M{:.1} {:.1}l{} {}m0 -{}l-{} {}", x - R, y - R, 2.0 * R, 2.0 * R, 2.0 * R, 2.0 * R, 2.0 * R),
        }
    }
}

/// An axis: what it shows, from where to where.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    pub label: String,
    from: f64,
    to: f64,
    /// Names at places instead of numbers.
    names: Vec<(f64, String)>,
    log: bool,
}

impl Axis {
    /// From `from` to `to`, in the axis' own unit; an empty or impossible range becomes 0 to 1.
    pub fn linear(label: &str, from: f64, to: f64) -> Self {
        let (from, to) = if from.is_finite() && to.is_finite() && to > from { (from, to) } else { (0.0, 1.0) };
        Self { label: label.into(), from, to, names: Vec::new(), log: false }
    }

    /// From 0 to a round number of at least `to`.
    pub fn from_zero(label: &str, to: f64) -> Self {
        let mut axis = Self::linear(label, 0.0, to);
        let step = axis.step();
        axis.to = (axis.to / step - 1e-9).ceil() * step;
        axis
    }

    /// A logarithmic axis; both ends must be above 0.
    pub fn log(label: &str, from: f64, to: f64) -> Self {
        let axis = Self::linear(label, from, to);
        Self { log: axis.from > 0.0, ..axis }
    }

    /// Shows these names at these places, and no numbers.
    pub fn named(mut self, names: Vec<(f64, String)>) -> Self {
        self.names = names;
        self
    }

    /// Where a value lies, 0 to 1 within the axis.
    fn place(&self, value: f64) -> f64 {
        if self.log {
            libm::log(value.max(1e-300) / self.from) / libm::log(self.to / self.from)
        } else {
            (value - self.from) / (self.to - self.from)
        }
    }

    /// Distance of the ticks: 1, 2 or 5 times a power of ten.
    fn step(&self) -> f64 {
        let raw = (self.to - self.from) / TICKS as f64;
        let power = 10f64.powi(libm::log10(raw).floor() as i32);
        [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|step| *step >= raw * 0.999).unwrap_or(raw)
    }

    /// Values at which ticks stand, with their labels.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        if !self.names.is_empty() {
            return self.names.clone();
        }
        if self.log {
            let decades = libm::log10(self.from).floor() as i32..=libm::log10(self.to).ceil() as i32;
            let inside = |v: &f64| *v >= self.from * 0.999_999 && *v <= self.to * 1.000_001;
            let values = decades.flat_map(|d| [1.0, 2.0, 5.0].map(|m| m * 10f64.powi(d))).filter(inside);
            return values.map(|v| (v, number(v, if v < 1.0 { 1 } else { 1 + libm::log10(v) as i32 }))).collect();
        }
        let step = self.step();
        let decimals = (-libm::log10(step).floor()).clamp(0.0, 12.0) as usize;
        let first = (self.from / step - 1e-9).ceil() as i64;
        let last = (self.to / step + 1e-9).floor() as i64;
        let label = |v: f64| format!("{:.decimals$}", if v == 0.0 { 0.0 } else { v }).replace('-', "−");
        (first..=last).map(|i| i as f64 * step).map(|v| (v, label(v))).collect()
    }
}

/// A chart that is drawn element by element; what comes later lies on top.
#[derive(Debug, Clone)]
pub struct Chart {
    id: String,
    title: String,
    description: String,
    x: Axis,
    y: Axis,
    width: f64,
    body: String,
    legend: Vec<(Series, Key, String)>,
}

/// What stands for a series in the legend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Bar,
    Line,
    Point,
    Band,
}

impl Chart {
    /// An empty chart. `id` names it in the page; `title` and `description` are what is read out in its stead.
    pub fn new(id: &str, title: &str, description: &str, x: Axis, y: Axis) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            description: description.into(),
            x,
            y,
            width: WIDTH,
            body: String::new(),
            legend: Vec::new(),
        }
    }

    /// Makes it twice as wide, for the whole width of the page.
    pub fn wide(mut self) -> Self {
        self.width = 2.0 * WIDTH;
        self
    }

    /// Explains a series.
    pub fn key(&mut self, series: Series, key: Key, label: &str) {
        self.legend.push((series, key, label.into()));
    }

    fn at(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        // What lies outside is shown at the edge of the paper at most, never as a number that SVG can't hold.
        let place = |axis: &Axis, v| axis.place(v).clamp(-1.0, 2.0);
        [
            LEFT + place(&self.x, x) * (self.width - LEFT - RIGHT),
            HEIGHT - BOTTOM - place(&self.y, y) * (HEIGHT - BOTTOM - TOP),
        ]
    }

    /// Bars from the x axis: from, to, height.
    pub fn bars(&mut self, bars: impl IntoIterator<Item = (f64, f64, f64)>, series: Series) {
        let mut path = String::new();
        for (from, to, height) in bars {
            if height > 0.0 && height.is_finite() {
                let ([left, top], [right, bottom]) = (self.at([from, height]), self.at([to, self.y.from]));
                let _ = write!(path, "M{left:.1} {bottom:.1}V{top:.1}H{right:.1}V{bottom:.1}z");
            }
        }
        self.path(&path, "bar", series);
    }

    /// A shaded interval of x over the whole height.
    pub fn band(&mut self, from: f64, to: f64, series: Series) {
        let ([left, top], [right, bottom]) = (self.at([from, self.y.to]), self.at([to, self.y.from]));
        self.path(&format!("M{left:.1} {bottom:.1}V{top:.1}H{right:.1}V{bottom:.1}z"), "band", series);
    }

    /// The area between two lines over the same x: x, low, high.
    pub fn ribbon(&mut self, edges: &[[f64; 3]], series: Series) {
        let there = edges.iter().map(|[x, low, _]| self.at([*x, *low]));
        let back = edges.iter().rev().map(|[x, _, high]| self.at([*x, *high]));
        let path = polyline(there.chain(back)) + "z";
        self.path(if edges.is_empty() { "" } else { &path }, "band", series);
    }

    /// A line through points.
    pub fn line(&mut self, points: &[[f64; 2]], series: Series) {
        let path = polyline(points.iter().filter(|p| p.iter().all(|v| v.is_finite())).map(|p| self.at(*p)));
        self.path(&path, "line", series);
    }

    /// A line that goes up in steps, such as a cumulative distribution.
    pub fn steps(&mut self, points: &[[f64; 2]], series: Series) {
        let mut path = String::new();
        for (i, point) in points.iter().enumerate() {
            let [x, y] = self.at(*point);
            let _ = if i == 0 { write!(path, "M{x:.1} {y:.1}") } else { write!(path, "H{x:.1}V{y:.1}") };
        }
        self.path(&path, "line", series);
    }

    /// Markers.
    pub fn points(&mut self, points: impl IntoIterator<Item = [f64; 2]>, series: Series) {
        let path: String = points.into_iter().map(|p| series.marker(self.at(p))).collect();
        self.path(&path, "point", series);
    }

    /// Many small dots, for crowds.
    pub fn dots(&mut self, points: impl IntoIterator<Item = [f64; 2]>, series: Series) {
        let dot = |[x, y]: [f64; 2]| format!("M{x:.1} {y:.1}h0");
        let dots: Vec<String> = points.into_iter().map(|p| dot(self.at(p))).collect();
        // A few dots in a wide chart would hardly be seen.
        let (path, kind) = (dots.concat(), if dots.len() < FEW_DOTS { "dot few" } else { "dot" });
        self.path(&path, kind, series);
    }

    /// A vertical line over the whole height.
    pub fn rule(&mut self, x: f64, series: Series) {
        let ([x, top], [_, bottom]) = (self.at([x, self.y.to]), self.at([x, self.y.from]));
        self.path(&format!("M{x:.1} {bottom:.1}V{top:.1}"), "line", series);
    }

    /// A short line without dashes between two points.
    pub fn segment(&mut self, from: [f64; 2], to: [f64; 2], series: Series) {
        let path = polyline([self.at(from), self.at(to)].into_iter());
        self.path(&path, "tick", series);
    }

    fn path(&mut self, path: &str, kind: &str, series: Series) {
        if !path.is_empty() {
            let _ = write!(self.body, "<path class=\"{kind} {}\" d=\"{path}\"/>", series.class());
        }
    }

    /// The chart as an `svg` element.
    pub fn svg(&self) -> String {
        let (id, legend_height) = (escape(&self.id), if self.legend.is_empty() { 0.0 } else { LEGEND });
        let mut svg = format!(
            "<svg class=\"chart{}\" viewBox=\"0 {:.0} {:.0} {:.0}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\
             <title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>",
            if self.width > WIDTH { " wide" } else { "" },
            -legend_height,
            self.width,
            HEIGHT + legend_height,
            escape(&self.title),
            escape(&self.description),
        );
        self.write_axes(&mut svg);
        // Cut at the frame, so that a curve that leaves the axes does not run into the labels.
        let _ = write!(
            svg,
            "<clipPath id=\"{id}-c\"><path d=\"M{LEFT} {:.0}H{:.0}V{:.0}H{LEFT}z\"/></clipPath>\
             <g clip-path=\"url(#{id}-c)\">{}</g>",
            TOP - 4.0,
            self.width - RIGHT + 4.0,
            HEIGHT - BOTTOM + 4.0,
            self.body,
        );
        self.write_legend(&mut svg);
        svg + "</svg>"
    }

    fn write_axes(&self, svg: &mut String) {
        let (right, bottom) = (self.width - RIGHT, HEIGHT - BOTTOM);
        let mut grid = String::new();
        let mut labels = String::new();
        for (value, label) in self.y.ticks() {
            let [_, y] = self.at([self.x.from, value]);
            let _ = write!(grid, "M{LEFT} {y:.1}H{right:.1}");
            let _ = write!(
                labels,
                "<text class=\"end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                LEFT - 8.0,
                y + 4.5,
                escape(&label)
            );
        }
        let mut marks = String::new();
        for (value, label) in self.x.ticks() {
            let [x, _] = self.at([value, self.y.from]);
            let _ = write!(marks, "M{x:.1} {bottom:.1}v5");
            let _ =
                write!(labels, "<text class=\"mid\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>", bottom + 19.0, escape(&label));
        }
        let middle = (LEFT + right) / 2.0;
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"{grid}\"/><path class=\"axis\" d=\"M{LEFT} {bottom:.1}H{right:.1}{marks}\"/>{labels}\
             <text class=\"mid label\" x=\"{middle:.1}\" y=\"{:.1}\">{}</text>\
             <text class=\"mid label\" transform=\"translate(15 {:.1}) rotate(-90)\">{}</text>",
            HEIGHT - 8.0,
            escape(&self.x.label),
            (TOP + bottom) / 2.0,
            escape(&self.y.label),
        );
    }

    fn write_legend(&self, svg: &mut String) {
        let mut x = LEFT;
        for (series, key, label) in &self.legend {
            let (class, y) = (series.class(), -LEGEND / 2.0 + 4.0);
            let _ = match key {
                Key::Bar => write!(svg, "<path class=\"bar {class}\" d=\"M{x} {:.1}h18v10h-18z\"/>", y - 5.0),
                Key::Band => write!(svg, "<path class=\"band {class}\" d=\"M{x} {:.1}h18v10h-18z\"/>", y - 5.0),
                Key::Line => write!(svg, "<path class=\"line {class}\" d=\"M{x} {y:.1}h22\"/>"),
                Key::Point => write!(svg, "<path class=\"point {class}\" d=\"{}\"/>", series.marker([x + 9.0, y])),
            };
            let _ = write!(svg, "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>", x + 27.0, y + 4.5, escape(label));
            x += 27.0 + LETTER * label.chars().count() as f64 + 18.0;
        }
    }
}

fn polyline(points: impl Iterator<Item = [f64; 2]>) -> String {
    let mut path = String::new();
    for (i, [x, y]) in points.enumerate() {
        let _ = write!(path, "{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' });
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<String> {
        axis.ticks().into_iter().map(|tick| tick.1).collect()
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(labels(&Axis::linear("", 0.0, 300.0)), ["0", "50", "100", "150", "200", "250", "300"]);
        assert_eq!(labels(&Axis::linear("", -0.21, 0.4)), ["−0.2", "0.0", "0.2", "0.4"]);
        assert_eq!(labels(&Axis::log("", 20.0, 600.0)), ["20", "50", "100", "200", "500"]);
        assert_eq!(labels(&Axis::from_zero("", 0.0173)), ["0.000", "0.005", "0.010", "0.015", "0.020"]);
        // Nothing to show is a frame from 0 to 1, not a division by zero.
        assert_eq!(labels(&Axis::linear("", 5.0, f64::NAN)).len(), 6);
    }

    #[test]
    fn values_lie_where_the_axes_say() {
        let mut chart = Chart::new("c", "<t>", "d", Axis::linear("x", 0.0, 10.0), Axis::linear("y", 0.0, 1.0));
        chart.line(&[[0.0, 0.0], [f64::NAN, 0.5], [10.0, 1.0]], Series(0));
        chart.bars([(0.0, 5.0, 1.0), (5.0, 10.0, 0.0)], Series(1));
        let svg = chart.svg();
        assert!(svg.contains("<title id=\"c-t\">&lt;t&gt;</title>"), "{svg}");
        assert!(svg.contains("<path class=\"line s0\" d=\"M62.0 250.0L506.0 14.0\"/>"), "{svg}");
        assert!(svg.contains("<path class=\"bar s1\" d=\"M62.0 250.0V14.0H284.0V250.0z\"/>"), "{svg}");
    }
}
