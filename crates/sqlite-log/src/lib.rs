//! Writes each transaction to SQLite's log at once.
//!
//! SQLite writes a transaction to its log (WAL) frame by frame, and each frame in two parts: a
//! header of 24 bytes, and a page. A transaction of five pages takes ten calls of the system,
//! most of whose time is the call itself. A connection that is opened with [`vfs`] keeps the
//! frames of a transaction in memory until the last one, which has the mark of a commit, and
//! writes them in one call. The file has the same bytes afterwards; SQLite learns from the last
//! write whether all of them succeeded.
//!
//! A long transaction is written in parts of 64 KiB.
//!
//! Only one connection of a database may be opened this way, and no other may write to it: what
//! is kept belongs behind the last transaction. It must not use `PRAGMA synchronous = FULL`,
//! which writes frames in other parts. Connections that only read need nothing of this.

#[cfg(unix)]
mod frames;
#[cfg(unix)]
mod vfs;

#[cfg(unix)]
pub use vfs::vfs;
