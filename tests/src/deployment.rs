//! Outlive in one process or as five, for tests that stop parts of it at any moment.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use outlive_clock::{Span, wall_now};
use reqwest::Client;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::{Database, Service, Tenant, ports};

/// The longest, in wall time, that a start or a stop may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// The wall time between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Waits in wall time, in which processes start, end and recover.
#[expect(clippy::disallowed_methods, reason = "the one place of the tests that waits for wall time")]
pub async fn pause(how_long: Duration) {
    sleep(how_long).await;
}
/// How often a start is repeated with other ports when another program took one.
const STARTS_MAX: usize = 5;

/// How the services are spread over processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// `outlive up`.
    OneProcess,
    /// `outlive idp`, `hub`, `resource`, `flow` and `console`.
    Separate,
}

/// A signal that ends a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGKILL: between two instructions, as a power cut does.
    Kill,
    /// SIGINT: Ctrl-C.
    Interrupt,
}

/// A running deployment with data and ports of its own. Dropping it kills it and deletes its data.
#[derive(Debug)]
pub struct Deployment {
    layout: Layout,
    port_base: u16,
    /// One process per service, in the order of [`Service::ALL`], or one for all.
    processes: Vec<Option<Child>>,
    http: Client,
    database: Database,
    home: TempDir,
}

impl Deployment {
    /// Whether replicas could share its database.
    #[must_use]
    pub fn has_shared_database(&self) -> bool {
        self.database.url().is_some()
    }

    /// Starts a deployment on empty data and waits until every service answers.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start(layout: Layout) -> Self {
        let processes = match layout {
            Layout::OneProcess => 1,
            Layout::Separate => Service::ALL.len(),
        };
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tls_certs_only([])
            .build()
            .expect("a client without certificates needs nothing from the machine");
        let home = tempfile::Builder::new()
            .prefix("outlive-test-")
            .tempdir()
            .expect("the temporary directory is writable");
        let database = Database::from_environment();
        let mut deployment = Self { layout, port_base: 0, processes: Vec::new(), http, database, home };
        for _ in 0..STARTS_MAX {
            deployment.port_base = ports::free_base();
            deployment.processes = (0..processes).map(|_| None).collect();
            match deployment.start_missing().await {
                Ok(()) => return deployment,
                Err(why) if why.contains("in use") => {}
                Err(why) => panic!("{why}"),
            }
        }
        panic!("no start out of {STARTS_MAX} found its ports free");
    }

    /// How many processes it is made of.
    #[must_use]
    pub const fn processes(&self) -> usize {
        self.processes.len()
    }

    /// The place of the process in which the lab runs.
    #[must_use]
    pub const fn lab_process(&self) -> usize {
        0
    }

    /// Where `service` answers, without a trailing slash.
    #[must_use]
    pub fn url(&self, service: Service) -> String {
        format!("http://127.0.0.1:{}", self.port_base + service.offset())
    }

    /// The client of the harness.
    #[must_use]
    pub const fn http(&self) -> &Client {
        &self.http
    }

    /// Creates a tenant with this body of `POST /lab/tenants`.
    ///
    /// # Panics
    /// When the lab refuses.
    pub async fn new_tenant_like(&self, wanted: Value) -> Tenant {
        Tenant::create(self.http.clone(), self.url(Service::Console), &wanted).await
    }

    /// The place of the process in which a service runs.
    #[must_use]
    pub fn process_of(&self, service: Service) -> usize {
        match self.layout {
            Layout::OneProcess => 0,
            Layout::Separate => usize::from(service.offset()),
        }
    }

    /// A file of the data directory; `None` if it is not there.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<PathBuf> {
        Some(self.home.path().join("data").join(name)).filter(|path| path.exists())
    }

    /// Ends the processes that run, if any of them does.
    pub async fn end_remaining(&mut self) {
        for process in &mut self.processes {
            if process.as_mut().is_some_and(|process| process.try_wait().is_ok_and(|ended| ended.is_some())) {
                *process = None;
            }
        }
        let running: Vec<_> = (0..self.processes.len()).filter(|at| self.processes[*at].is_some()).collect();
        self.end(&running, Signal::Interrupt).await;
    }

    /// The logs of all processes, through all restarts.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }

    /// Reads from a service's lab surface; `None` if it does not answer with success.
    pub async fn lab_surface(&self, service: Service, path: &str) -> Option<Value> {
        let url = format!("{}/_lab/tenants{path}", self.url(service));
        let key = std::fs::read_to_string(self.home.path().join("data/lab-key")).ok()?;
        let request = self.http.get(url).header("authorization", format!("Lab {key}"));
        let answer = request.send().await.ok()?;
        if !answer.status().is_success() {
            return None;
        }
        answer.json().await.ok()
    }

    /// Sends a signal to these processes, all at once, and waits until they have ended.
    ///
    /// # Panics
    /// When one does not run or does not end.
    pub async fn end(&mut self, which: &[usize], signal: Signal) {
        let mut ending: Vec<Child> =
            which.iter().map(|at| self.processes[*at].take().expect("it runs")).collect();
        let name = match signal {
            Signal::Kill => "-KILL",
            Signal::Interrupt => "-INT",
        };
        let ids = ending.iter().map(|process| process.id().to_string());
        let sent = Command::new("kill").arg(name).args(ids).status();
        assert!(sent.is_ok_and(|status| status.success()), "the signal is sent");
        for process in &mut ending {
            let ended = timeout(PATIENCE, async {
                loop {
                    if let Some(status) = process.try_wait().expect("a child can be waited for") {
                        return status;
                    }
                    pause(BETWEEN_LOOKS).await;
                }
            });
            let status = ended.await.unwrap_or_else(|_| panic!("a process ends\n{}", self.log()));
            assert!(signal == Signal::Kill || status.success(), "Ctrl-C ends with {status}:\n{}", self.log());
        }
    }

    /// Starts the processes that do not run, on the same data and ports, and waits until all
    /// services answer.
    ///
    /// # Errors
    /// Why it does not come up.
    ///
    /// # Panics
    /// When the program cannot be started.
    pub async fn start_missing(&mut self) -> Result<(), String> {
        for at in 0..self.processes.len() {
            if self.processes[at].is_none() {
                self.processes[at] = Some(self.launch(at));
            }
        }
        let started = wall_now();
        for service in Service::ALL {
            let url = format!("{}/healthz", self.url(service));
            while !self.http.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                for process in self.processes.iter_mut().flatten() {
                    if let Ok(Some(status)) = process.try_wait() {
                        return Err(format!("a process ended with {status}:\n{}", self.log()));
                    }
                }
                if wall_now() - started > Span::from_seconds(PATIENCE.as_secs().cast_signed()) {
                    return Err(format!("not healthy within {PATIENCE:?}:\n{}", self.log()));
                }
                pause(BETWEEN_LOOKS).await;
            }
        }
        Ok(())
    }

    fn launch(&self, at: usize) -> Child {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.home.path().join("log"))
            .expect("the log is writable");
        let mut command = crate::program::command();
        let data = self.home.path().join("data");
        match self.layout {
            Layout::OneProcess => {
                command.args(["up", "--port-base", &self.port_base.to_string()]);
            }
            Layout::Separate => {
                let service = Service::ALL[at];
                command.arg(service.name());
                command.args(["--listen", &format!("127.0.0.1:{}", self.port_base + service.offset())]);
                for other in &Service::ALL[1..] {
                    command.args([format!("--{}-url", other.name()), self.url(*other)]);
                }
            }
        }
        command.arg("--data").arg(data);
        if let Some(url) = self.database.url() {
            command.args(["--database-url", &url]);
        }
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file can be shared"))
            .stderr(log)
            .spawn()
            .expect("the program starts")
    }
}

impl Drop for Deployment {
    #[expect(clippy::print_stderr, reason = "a failed test shows the log")]
    fn drop(&mut self) {
        for process in self.processes.iter_mut().flatten() {
            let _ = process.kill();
            let _ = process.wait();
        }
        if std::thread::panicking() {
            eprintln!("--- the log ---\n{}--- end ---", self.log());
        }
    }
}
