//! The functions, by family.

mod collections;
mod comparisons;
mod conversions;
mod logic;
mod math;
mod number_format;
mod run;
mod text;

use super::function::Row;

pub(crate) use comparisons::compare;

/// All functions, with the names of their families.
pub(super) static FAMILIES: [(&str, &[Row]); 7] = [
    ("String", &text::ROWS),
    ("Collection", &collections::ROWS),
    ("Comparison", &comparisons::ROWS),
    ("Logical", &logic::ROWS),
    ("Conversion", &conversions::ROWS),
    ("Math", &math::ROWS),
    ("Workflow", &run::ROWS),
];
