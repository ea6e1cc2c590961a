//! What the rules promise, from outside.

mod access;
mod catalogue;
mod causes;
mod cells;
mod grants;
mod laws;
mod scopes;
mod table;
mod verdicts;
mod what_if;
