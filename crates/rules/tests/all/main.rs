//! What the rules promise, from outside.

mod catalogue;
mod cells;
mod laws;
mod table;
mod verdicts;
