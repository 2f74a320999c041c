//! The parts of the page, each a function from the results to HTML.

pub mod glance;
pub mod images;
pub mod methods;
pub mod purity;
pub mod rejected;
pub mod scale;
pub mod shapes;
pub mod sizes;
