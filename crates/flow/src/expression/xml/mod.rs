//! XML: parsing and printing, conversion from and to JSON, and XPath 1.0.

mod document;
mod json;
mod parser;
mod printer;
mod xpath;
mod xpath_functions;
mod xpath_syntax;

pub(super) use document::{Document, Kind};
pub(super) use json::{from_json, to_json};
pub(super) use parser::parse;
pub(super) use printer::print;
pub(super) use xpath::{Result as XPathResult, evaluate};
