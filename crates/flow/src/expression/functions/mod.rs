//! The functions, by family.

mod collections;
mod comparisons;
mod conversions;
mod dates;
mod decimal;
mod encodings;
mod forms;
mod locales;
mod logic;
mod math;
mod number_format;
mod objects;
mod run;
mod text;
mod uris;
mod xml_functions;

use super::function::Row;

pub(crate) use comparisons::compare;
pub(crate) use encodings::percent_decoded;

#[cfg(test)]
mod date_tests;
#[cfg(test)]
mod example_run;
#[cfg(test)]
mod example_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod xml_tests;

/// All functions, with the names of their families.
pub(super) static FAMILIES: [(&str, &[Row]); 13] = [
    ("String", &text::ROWS),
    ("Collection", &collections::ROWS),
    ("Comparison", &comparisons::ROWS),
    ("Logical", &logic::ROWS),
    ("Conversion", &conversions::ROWS),
    ("Encoding", &encodings::ROWS),
    ("Math", &math::ROWS),
    ("Date and time", &dates::ROWS),
    ("Workflow", &run::ROWS),
    ("Form data", &forms::ROWS),
    ("URI parsing", &uris::ROWS),
    ("Manipulation", &objects::ROWS),
    ("XML", &xml_functions::ROWS),
];
