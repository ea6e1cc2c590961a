//! The shared state of a service.

use std::sync::{Arc, LazyLock};

use http::HeaderValue;
use outlive_clock::{Randomness, TenantId};
use outlive_journal::Journal;
use outlive_store::{Migration, Store, StoreError, migrations, sql};
use outlive_tokens::Sealer;

use crate::exchanges::Exchanges;
use crate::faults::known::Faults;
use crate::sealing_key::SealingKeys;
use tokio::sync::Mutex;

use crate::private_files::{create_data_dir, restrict_data};
use crate::{
    CarriedTime, ChassisConfig, ClockReading, Clocks, HttpClient, LabKey, Origins, StartError, Trace,
    sealing_key,
};

static MIGRATIONS: LazyLock<Vec<Migration>> = migrations!();

/// The shared state of a service. Cheap to clone.
#[derive(Clone)]
pub struct Chassis {
    /// The name of the service.
    pub service: &'static str,
    /// The database.
    pub store: Store,
    /// The journal.
    pub journal: Journal,
    /// The tenants' clocks.
    pub clocks: Clocks,
    /// The source of randomness: `random.of(tenant).stream("purpose")`.
    pub random: Randomness,
    /// Seals stored secrets and opaque tokens.
    pub sealer: Sealer,
    /// The client for calls to other services.
    pub http: HttpClient,
    /// The origins under which the service may be called.
    pub origins: Origins,
    pub(crate) sealing_keys: Arc<Mutex<SealingKeys>>,
    pub(crate) lab_key: LabKey,
    pub(crate) exchanges: Arc<Exchanges>,
    pub(crate) faults: Faults,
}

impl std::fmt::Debug for Chassis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chassis").field("service", &self.service).finish_non_exhaustive()
    }
}

impl Chassis {
    /// Opens the database, applies migrations, and loads or creates the sealing key.
    ///
    /// # Errors
    /// [`StartError`] with what failed, why, and what to do.
    pub async fn start(config: ChassisConfig, migrations: &[Migration]) -> Result<Self, StartError> {
        let directory = create_data_dir(&config.data_dir).and_then(|()| restrict_data(&config.data_dir));
        directory.map_err(|error| {
            StartError::new(
                format!("cannot use the data directory {}", config.data_dir.display()),
                error,
                "give --data a directory that can be written",
            )
        })?;
        let service = config.service;
        let store = Store::open(
            &config.database,
            service,
            &[("journal", &outlive_journal::MIGRATIONS), ("chassis", &MIGRATIONS), (service, migrations)],
        )
        .await?;
        let random = match config.seed {
            None => Randomness::from_system(),
            // Each start uses its own sequence; otherwise a restart would generate the same ids
            // again.
            Some(seed) => Randomness::from_seed(seed)
                .fork(service)
                .fork(&format!("start {}", count_start(&store).await?)),
        };
        let keys = sealing_key::load(config.sealing_key.as_ref(), &config.data_dir, service, &random)?;
        let clocks = Clocks::open(store.clone()).await?;
        Ok(Self {
            service,
            journal: Journal::new(store.clone(), service),
            faults: Faults::new(store.clone(), clocks.clone()),
            clocks,
            random,
            sealer: keys.sealer(),
            sealing_keys: Arc::new(Mutex::new(keys)),
            http: HttpClient::new()?,
            origins: config.origins,
            lab_key: config.lab_key,
            exchanges: Arc::default(),
            store,
        })
    }

    /// Begins the trace of a tenant's due work. Its calls carry the time of the work.
    #[must_use]
    pub fn begin_trace(&self, tenant: TenantId, time: ClockReading) -> Trace {
        self.carry_time(Trace::begin(&self.random.of(tenant)), tenant, time)
    }

    /// Lets the calls of a trace carry the tenant's time.
    #[must_use]
    pub fn carry_time(&self, trace: Trace, tenant: TenantId, time: ClockReading) -> Trace {
        Trace { time: Some(CarriedTime::of(self.lab_key.time_key(), tenant, time)), ..trace }
    }

    /// The `Authorization` with which this service calls the lab surface of another one.
    #[must_use]
    pub fn lab_authorization(&self) -> HeaderValue {
        self.lab_key.authorization()
    }

    /// Commits submitted changes and closes the database, so that another process can open it
    /// immediately. Streams end; later requests fail.
    pub async fn close(&self) {
        self.store.close().await;
    }
}

/// Increments the number of starts on this data. Replicas that start concurrently get distinct
/// numbers.
async fn count_start(store: &Store) -> Result<i64, StoreError> {
    loop {
        let row = store.row(sql!("SELECT count FROM starts WHERE tenant = $1", "")).await?;
        let (count, write) = match row.map(|row| row.int("count")).transpose()? {
            None => (1, sql!("INSERT INTO starts (tenant, count) VALUES ($1, $2)", "", 1_i64)),
            Some(before) => {
                let count = before + 1;
                (
                    count,
                    sql!("UPDATE starts SET count = $2 WHERE tenant = $1 AND count = $3", "", count, before),
                )
            }
        };
        match store.commit(write.expect_rows(1)).await {
            Ok(()) => return Ok(count),
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use outlive_store::{DatabaseUrl, Statement};

    use super::*;

    async fn open(directory: &tempfile::TempDir) -> Store {
        let url = DatabaseUrl::Sqlite(directory.path().join("starts.db"));
        Store::open(&url, "starts", &[("chassis", &MIGRATIONS)]).await.expect("opens")
    }

    #[tokio::test]
    async fn concurrent_starts_are_numbered_in_turn() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let store = open(&directory).await;
        let starts = futures::future::try_join_all((0..5).map(|_| count_start(&store))).await;
        let mut numbers = starts.expect("all are counted");
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2, 3, 4, 5]);
    }

    #[tokio::test]
    async fn a_start_that_cannot_be_counted_fails() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let store = open(&directory).await;
        let read_only = "CREATE TRIGGER read_only BEFORE INSERT ON starts \
                         BEGIN SELECT RAISE(ABORT, 'read only'); END";
        store.commit(Statement::new(read_only, Vec::new())).await.expect("is created");
        let counting = tokio::time::timeout(Duration::from_secs(20), count_start(&store));
        let error = counting.await.expect("no attempt follows").expect_err("cannot be counted");
        assert!(matches!(error, StoreError::Failed(_)), "{error}");
    }
}
