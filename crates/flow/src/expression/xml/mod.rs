//! XML: parsing and printing, conversion from and to JSON, and XPath 1.0.

mod document;
mod json;
mod parser;
mod printer;
mod xpath;
mod xpath_functions;
mod xpath_syntax;
mod xpath_values;

pub(super) use document::{Document, Kind};
pub(super) use json::{from_json, to_json};
pub(super) use parser::parse;
pub(super) use printer::print;
pub(super) use xpath::evaluate;
pub(super) use xpath_values::{Result as XPathResult, WORK_MAX};
