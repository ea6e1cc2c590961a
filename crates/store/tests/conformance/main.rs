//! What the seam promises, on every database it runs on: each case is written once and runs on an embedded SQLite file and on a
//! schema of its own of the PostgreSQL server that `OUTLIVE_TEST_POSTGRES_URL` names (`scripts/with-postgres` starts one).

mod changes;
mod closing;
mod groups;
mod migrations;
mod opening;
mod outage;
mod place;
mod replicas;
mod standing;
mod values;

/// Runs each of the named cases (`async fn(&Place)`) on each database. Without a PostgreSQL server its half says that it was
/// skipped, on the terminal itself: what a test prints is shown only when it fails.
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
