//! The resource over HTTP, with an issuer of the tests' own: keys, published on a free port, and
//! nothing else.

mod bearer;
mod certificates;
mod evaluation;
mod faults;
mod journal;
mod keys;
mod orders;
mod passwords;
mod permissions;
mod scene;
