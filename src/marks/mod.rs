//! stub
use crate::image::{Region, Source, Statement};
pub struct Marks {
    pub scale_bar: Option<ScaleBar>,
    pub regions: Vec<Region>,
}
#[derive(Debug, Clone, PartialEq)]
pub struct ScaleBar {
    pub left_px: f64,
    pub right_px: f64,
    pub top_px: f64,
    pub bottom_px: f64,
    pub length_px: f64,
    pub length_nm: Option<f64>,
    pub label: String,
    pub confidence: f64,
}
impl ScaleBar {
    pub fn statement(&self) -> Option<Statement> {
        let nm = self.length_nm?;
        let px = nm / self.length_px;
        Some(Statement::new(Source::ScaleBar, format!("{} over {:.1} px", self.label, self.length_px), Ok((px, px))))
    }
}
pub fn find(_grey: &[f32], _w: usize, _h: usize, _rows: Option<usize>) -> Marks {
    Marks { scale_bar: None, regions: vec![] }
}
