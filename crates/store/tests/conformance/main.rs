//! The conformance suite. Each case runs on an embedded SQLite file and on its own schema of the
//! PostgreSQL server at `OUTLIVE_TEST_POSTGRES_URL` (`scripts/with-postgres` starts one).

mod changes;
mod closing;
mod counts;
mod deadlocks;
mod groups;
mod migrations;
mod opening;
mod outage;
mod place;
mod replicas;
mod standing;
mod values;

/// Runs each case (`async fn(&Place)`) on each database. Without a PostgreSQL server, its half is
/// reported as skipped, directly on the terminal, because the output of passing tests is hidden.
macro_rules! on_each_database {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $case() {
                super::$case(&crate::place::Place::sqlite()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $case() {
                if let Some(place) = crate::place::Place::postgres(concat!(module_path!(), "::", stringify!($case))) {
                    super::$case(&place).await;
                    place.remove().await;
                }
            })+
        }
    };
}
use on_each_database;
