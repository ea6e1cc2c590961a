//! One identity provider for all tests that run concurrently, each with its own tenant. It stops,
//! and its database is deleted, with the last of them.

use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use outlive_chassis::{Chassis, ChassisConfig, LabKey, Origins};
use outlive_idp::{IdpConfig, MIGRATIONS};
use outlive_store::{DatabaseUrl, Store};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Another origin of the same listener.
pub(crate) const OTHER_ORIGIN: &str = "https://login.outlive.example";

/// The lab's authorization on the lab surface.
pub(crate) const LAB_AUTHORIZATION: &str = "Lab 00112233445566778899aabbccddeeff";

pub(crate) struct Installation {
    /// Its URL (`http://127.0.0.1:<port>`).
    pub(crate) url: String,
    pub(crate) store: Store,
    runtime: Option<Runtime>,
    database: Option<PostgresDatabase>,
    data: TempDir,
}

impl Installation {
    pub(crate) fn shared() -> Arc<Self> {
        static CURRENT: Mutex<Weak<Installation>> = Mutex::new(Weak::new());
        let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        current.upgrade().unwrap_or_else(|| {
            let started = Arc::new(Self::start());
            *current = Arc::downgrade(&started);
            started
        })
    }

    /// Starts a separate installation.
    pub(crate) fn start() -> Self {
        Self::answering_to(&[])
    }

    /// Starts an installation with additional origins.
    pub(crate) fn answering_to(origins: &'static [&'static str]) -> Self {
        // On a separate thread, because a test's thread is inside a runtime.
        std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            let runtime = runtime.expect("a runtime");
            let data = tempfile::tempdir().expect("a temporary directory");
            let database = PostgresDatabase::if_wanted();
            let (url, store) = runtime.block_on(serve(&data, database.as_ref(), origins));
            Self { url, store, runtime: Some(runtime), database, data }
        })
        .join()
        .expect("the identity provider starts")
    }
}

async fn serve(data: &TempDir, postgres: Option<&PostgresDatabase>, more: &[&str]) -> (String, Store) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let url = format!("http://127.0.0.1:{port}");
    let database = match postgres {
        Some(database) => DatabaseUrl::postgres(&database.url).expect("a database URL"),
        None => DatabaseUrl::Sqlite(data.path().join("idp.db")),
    };
    let own = [url.clone(), format!("http://localhost:{port}"), OTHER_ORIGIN.to_owned()];
    let config = ChassisConfig {
        service: "idp",
        database,
        data_dir: data.path().to_owned(),
        sealing_key: None,
        lab_key: LabKey::new(LAB_AUTHORIZATION.trim_start_matches("Lab ")).expect("a key"),
        seed: Some(1),
        origins: Origins::new(own.into_iter().chain(more.iter().map(|&origin| origin.to_owned()))),
    };
    let chassis = Chassis::start(config, &MIGRATIONS).await.expect("the chassis starts");
    let store = chassis.store.clone();
    let app = outlive_idp::build(chassis, IdpConfig { own_url: url.clone() }).await.expect("it is built");
    tokio::spawn(outlive_chassis::serve(listener, app, std::future::pending()));
    (url, store)
}

impl Installation {
    /// Restarts the installation. Its URL changes.
    pub(crate) fn restarted(mut self) -> Self {
        std::thread::spawn(move || {
            if let Some(runtime) = self.runtime.take() {
                runtime.shutdown_timeout(std::time::Duration::from_secs(10));
            }
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            let runtime = runtime.expect("a runtime");
            let (url, store) = runtime.block_on(serve(&self.data, self.database.as_ref(), &[]));
            (self.url, self.store, self.runtime) = (url, store, Some(runtime));
            self
        })
        .join()
        .expect("the identity provider starts again")
    }

    /// The data directory.
    pub(crate) fn data(&self) -> &std::path::Path {
        self.data.path()
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        if let Some(database) = self.database.take() {
            database.remove();
        }
    }
}

/// A separate database on the server of `scripts/with-postgres`, if
/// `OUTLIVE_TEST_DATABASE=postgres` is set.
struct PostgresDatabase {
    server: String,
    name: String,
    url: String,
}

impl PostgresDatabase {
    fn if_wanted() -> Option<Self> {
        if std::env::var("OUTLIVE_TEST_DATABASE").as_deref() != Ok("postgres") {
            return None;
        }
        let server = std::env::var("OUTLIVE_TEST_POSTGRES_URL")
            .expect("OUTLIVE_TEST_POSTGRES_URL is not set: run the tests through scripts/with-postgres");
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let next = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("outlive_idp_{}_{next}", std::process::id());
        run("createdb", &[&format!("--maintenance-db={server}"), &name]);
        let (host, _) = server.rsplit_once('/').expect("the server's URL ends in /DATABASE");
        Some(Self { url: format!("{host}/{name}"), server, name })
    }

    fn remove(self) {
        run("dropdb", &[&format!("--maintenance-db={}", self.server), "--force", &self.name]);
    }
}

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status();
    assert!(status.is_ok_and(|status| status.success()), "{program} failed");
}
