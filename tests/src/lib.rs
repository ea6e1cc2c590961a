//! A running Outlive, for end-to-end tests.
//!
//! ```no_run
//! # async fn story() {
//! let system = outlive_tests::System::start().await;
//! let tenant = system.new_tenant().await;
//! tenant.advance("PT3H").await;
//! tenant.change_password("owner", "a new password, 2 words").await;
//! system.stop().await;
//! # }
//! ```
//!
//! | environment | meaning |
//! |---|---|
//! | `OUTLIVE_BIN` | the program to test; by default built by cargo with the profile of the tests |
//! | `OUTLIVE_TEST_DATABASE` | `sqlite` (the default) or `postgres` |
//! | `OUTLIVE_TEST_POSTGRES_URL` | a PostgreSQL server, as `scripts/with-postgres` starts one |
//!
//! With `OUTLIVE_TEST_PANIC_AT_STEP=N` in its environment, `run` and `twins` panic in the N-th step
//! of every scenario, or with 0 before the first one.
//!
//! All functions panic on failure, which fails the test, and the log of the system is printed.

mod command;
mod consistency;
mod database;
mod deployment;
mod directory_copy;
pub mod imports;
mod maker;
mod ports;
mod program;
#[cfg(unix)]
mod pseudo_terminal;
mod system;
mod tenant;
mod work;

pub use command::{
    Ended, outlive, outlive_on_database, outlive_printing_to, outlive_with_pipes, run_program,
};
pub use database::Database;
pub use deployment::{Deployment, Layout, Signal, pause};
pub use directory_copy::copy_directory;
pub use maker::{Maker, Running, sign_in};
pub use ports::free_base;
pub use program::program;
#[cfg(unix)]
pub use pseudo_terminal::{OnTerminal, Results, outlive_on_terminal};
pub use system::{Service, System};
pub use tenant::Tenant;
pub use work::Work;
