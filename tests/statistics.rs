//! The figures of a sample against SciPy, and against samples whose truth is known.
//!
//! `fixtures/golden/statistics` was computed by NumPy and SciPy; see `scripts/make-statistics-golden`.

mod statistics {
    mod coverage;
    mod edge;
    mod golden;
    mod plain;
    mod world;
}
