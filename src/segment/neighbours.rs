//! Finds what lies near a place without looking at everything.

/// Edge of a cell, working pixels: a few small vesicles wide.
const CELL: f64 = 32.0;

/// Numbered places, sorted into square cells.
pub struct Neighbours {
    columns: usize,
    rows: usize,
    cells: Vec<Vec<usize>>,
}

impl Neighbours {
    /// An empty index that covers some places.
    pub fn covering(places: impl Iterator<Item = (f64, f64)>) -> Self {
        let (width, height) = places.fold((0.0f64, 0.0f64), |(w, h), (x, y)| (w.max(x), h.max(y)));
        let (columns, rows) = ((width / CELL) as usize + 1, (height / CELL) as usize + 1);
        Self { columns, rows, cells: vec![Vec::new(); columns * rows] }
    }

    /// An index that holds all of some places, numbered from 0.
    pub fn of(places: impl Iterator<Item = (f64, f64)> + Clone) -> Self {
        let mut index = Self::covering(places.clone());
        places.enumerate().for_each(|(i, (x, y))| index.insert(i, x, y));
        index
    }

    /// Adds a place. What lies outside the cells counts to the nearest one.
    pub fn insert(&mut self, number: usize, x: f64, y: f64) {
        let cell = cell(y, self.rows) * self.columns + cell(x, self.columns);
        self.cells[cell].push(number);
    }

    /// Places within `reach` along both axes, and some more, cell by cell.
    pub fn near(&self, x: f64, y: f64, reach: f64) -> impl Iterator<Item = usize> + '_ {
        let columns = cell(x - reach, self.columns)..=cell(x + reach, self.columns);
        let rows = cell(y - reach, self.rows)..=cell(y + reach, self.rows);
        rows.flat_map(move |row| {
            columns.clone().flat_map(move |column| self.cells[row * self.columns + column].iter().copied())
        })
    }
}

fn cell(v: f64, count: usize) -> usize {
    ((v / CELL).max(0.0) as usize).min(count - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_in_reach_is_found_even_left_of_the_first_cell() {
        let places: Vec<(f64, f64)> =
            (0..400).map(|i| ((i * 37 % 301) as f64 - 20.0, (i * 91 % 211) as f64 - 10.0)).collect();
        let index = Neighbours::of(places.iter().copied());
        for &(x, y) in &places {
            let found: Vec<usize> = index.near(x, y, 40.0).collect();
            let wanted = |p: &(f64, f64)| (p.0 - x).abs() <= 40.0 && (p.1 - y).abs() <= 40.0;
            assert!(places.iter().enumerate().filter(|(_, p)| wanted(p)).all(|(i, _)| found.contains(&i)));
        }
    }
}
