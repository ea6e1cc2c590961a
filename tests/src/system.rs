//! A whole system in one process, as `outlive up` starts it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use tempfile::TempDir;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::{Database, Tenant, ports, program};

/// The longest, in wall time, that a start or a stop may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(30);
/// The wall time between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
/// The id of the tenant `contoso.example`.
const SEED_TENANT: &str = "c0470500-0000-4000-8000-000000000001";
/// Maximum number of starts with new ports after another program took one.
const STARTS_MAX: usize = 5;

/// A service, by what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// The console's page and the lab API.
    Console,
    /// The identity provider, with its Microsoft Graph.
    Idp,
    /// The API hub.
    Hub,
    /// The orders API.
    Resource,
    /// The flow service.
    Flow,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Console, Self::Idp, Self::Hub, Self::Resource, Self::Flow];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Idp => "idp",
            Self::Hub => "hub",
            Self::Resource => "resource",
            Self::Flow => "flow",
        }
    }

    pub(crate) const fn offset(self) -> u16 {
        match self {
            Self::Console => 0,
            Self::Idp => 1,
            Self::Hub => 2,
            Self::Resource => 3,
            Self::Flow => 4,
        }
    }
}

/// A running system with data and ports of its own. Dropping it kills it and deletes its data.
#[derive(Debug)]
pub struct System {
    program: PathBuf,
    process: Option<Child>,
    port_base: u16,
    http: Client,
    database: Database,
    home: TempDir,
    extra: Vec<String>,
}

impl System {
    /// Starts a new system on empty data and waits until every service answers.
    ///
    /// # Panics
    /// When it does not come up; its log is in the message.
    pub async fn start() -> Self {
        Self::start_program(program()).await
    }

    /// Starts a new system of another program, such as an earlier version.
    ///
    /// # Panics
    /// As [`System::start`].
    pub async fn start_program(program: &Path) -> Self {
        let mut system = Self::prepare(&[]);
        program.clone_into(&mut system.program);
        for _ in 0..STARTS_MAX {
            system.port_base = ports::free_base();
            system.launch();
            match system.until_healthy().await {
                Ok(()) => return system,
                Err(why) if why.contains("in use") => {}
                Err(why) => panic!("{why}"),
            }
        }
        panic!("no start out of {STARTS_MAX} found its ports free");
    }

    /// Starts one at these ports, with more arguments for `up`.
    ///
    /// # Panics
    /// When it does not become healthy.
    pub async fn start_at(port_base: u16, extra: &[&str]) -> Self {
        let mut system = Self::prepare(extra);
        system.port_base = port_base;
        system.launch();
        if let Err(why) = system.until_healthy().await {
            panic!("{why}");
        }
        system
    }

    /// Starts one on existing data, which it takes for its own.
    ///
    /// # Panics
    /// When the data cannot be moved, or it does not become healthy.
    pub async fn start_on(data: &Path, port_base: u16, extra: &[&str]) -> Self {
        let mut system = Self::prepare(extra);
        system.port_base = port_base;
        std::fs::rename(data, system.data()).expect("the data can be moved");
        system.launch();
        if let Err(why) = system.until_healthy().await {
            panic!("{why}");
        }
        system
    }

    /// A call of a service's lab surface, with the installation's lab key.
    ///
    /// # Panics
    /// When the data directory holds no key.
    pub fn lab_surface(&self, method: Method, url: &str) -> RequestBuilder {
        let key = std::fs::read_to_string(self.data().join("lab-key")).expect("a running system has a key");
        self.http.request(method, url).header("authorization", format!("Lab {key}"))
    }

    /// Reads all events of one kind (`""` for all) from one service's journal of a tenant.
    ///
    /// # Panics
    /// When the service does not answer as it should.
    pub async fn journal(&self, service: Service, tenant: &Tenant, kind: &str) -> Vec<serde_json::Value> {
        let (mut lines, mut after) = (Vec::new(), serde_json::Value::from(0));
        let selection = if kind.is_empty() { String::new() } else { format!("&kind={kind}") };
        loop {
            let tenant = tenant.id();
            let url = format!("{}/_lab/tenants/{tenant}/journal?after={after}{selection}", self.url(service));
            let answer = self.lab_surface(Method::GET, &url).send().await.expect("it answers");
            let page: serde_json::Value = answer.json().await.expect("in JSON");
            let more = page["lines"].as_array().unwrap_or_else(|| panic!("no lines in {page}"));
            if more.is_empty() {
                return lines;
            }
            lines.extend(more.iter().cloned());
            after = page["next"].clone();
        }
    }

    fn prepare(extra: &[&str]) -> Self {
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
        let extra = extra.iter().map(|argument| (*argument).to_owned()).collect();
        Self {
            program: program().to_owned(),
            process: None,
            port_base: 0,
            http,
            database: Database::from_environment(),
            home,
            extra,
        }
    }

    /// Where `service` answers, without a trailing slash.
    #[must_use]
    pub fn url(&self, service: Service) -> String {
        format!("http://127.0.0.1:{}", self.port_base + service.offset())
    }

    /// The loopback port at which the identity provider speaks TLS.
    #[must_use]
    pub const fn tls_port(&self) -> u16 {
        self.port_base + 43
    }

    /// The client that the harness uses: no redirects, no cookies.
    #[must_use]
    pub const fn http(&self) -> &Client {
        &self.http
    }

    /// The value of `--data`.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Returns the contents of the database of `service` (`"flow"`), as bytes.
    #[must_use]
    pub fn content_of(&self, service: &str) -> Vec<u8> {
        self.database.content_of(service, &self.data())
    }

    /// Returns the log of the system, including all its restarts.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read(self.log_path())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// The process's id, if it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Child::id)
    }

    /// Creates a tenant from the seed.
    ///
    /// # Panics
    /// When the lab API refuses.
    pub async fn new_tenant(&self) -> Tenant {
        self.new_tenant_like(serde_json::json!({})).await
    }

    /// The tenant `contoso.example`, which the lab creates at the first start.
    ///
    /// # Panics
    /// When the lab does not create it.
    pub async fn seed_tenant(&self) -> Tenant {
        Tenant::await_creation(self.http.clone(), self.url(Service::Console), SEED_TENANT).await
    }

    /// Creates a tenant with this body of `POST /lab/tenants`.
    ///
    /// # Panics
    /// When the lab refuses.
    pub async fn new_tenant_like(&self, wanted: serde_json::Value) -> Tenant {
        Tenant::create(self.http.clone(), self.url(Service::Console), &wanted).await
    }

    /// A tenant that the lab returned.
    #[must_use]
    pub fn tenant_of(&self, facts: serde_json::Value) -> Tenant {
        Tenant::of(self.http.clone(), self.url(Service::Console), facts)
    }

    /// Kills the process, as a power failure would (SIGKILL).
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Starts the system again on the same data and ports. It must not be running.
    ///
    /// # Panics
    /// When it runs, or does not come up.
    pub async fn restart(&mut self) {
        assert!(self.process.is_none(), "stop or kill the system before restarting it");
        self.launch();
        if let Err(why) = self.until_healthy().await {
            panic!("{why}");
        }
    }

    /// Stops the system with SIGTERM and waits until it has ended.
    ///
    /// # Panics
    /// When it does not run or does not end.
    pub async fn terminate(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("the system runs");
        let signalled = Command::new("kill").args(["-TERM", &process.id().to_string()]).status();
        assert!(signalled.is_ok_and(|status| status.success()), "the process could not be signalled");
        let ended = timeout(PATIENCE, async {
            let mut looks = looks();
            loop {
                if let Some(status) = process.try_wait().expect("a child can be waited for") {
                    return status;
                }
                looks.tick().await;
            }
        })
        .await;
        ended.unwrap_or_else(|_| {
            let _ = process.kill();
            panic!("the system did not end within {PATIENCE:?} of SIGTERM:\n{}", self.log())
        })
    }

    /// Stops the system gracefully.
    ///
    /// # Panics
    /// When it ends with anything but success.
    pub async fn stop(mut self) {
        let status = self.terminate().await;
        assert!(status.success(), "the system ended with {status}:\n{}", self.log());
    }

    fn launch(&mut self) {
        let log =
            File::options().create(true).append(true).open(self.log_path()).expect("the log is writable");
        let mut command = crate::program::command_of(&self.program);
        command
            // It ends with the test, however that ends.
            .args(["up", "--stop-at-eof"])
            .arg("--data")
            .arg(self.data())
            .args(["--port-base", &self.port_base.to_string()])
            .args(&self.extra);
        if let Some(url) = self.database.url() {
            command.args(["--database-url", &url]);
        }
        let process = command
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a file can be shared"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.program.display()));
        self.process = Some(process);
    }

    async fn until_healthy(&mut self) -> Result<(), String> {
        let urls = Service::ALL.map(|service| format!("{}/healthz", self.url(service)));
        let process = self.process.as_mut().expect("it was just launched");
        let http = &self.http;
        let healthy = timeout(PATIENCE, async {
            let mut looks = looks();
            for url in &urls {
                while !http.get(url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                    if let Ok(Some(status)) = process.try_wait() {
                        return Err(format!("the system ended with {status} instead of starting"));
                    }
                    looks.tick().await;
                }
            }
            Ok(())
        })
        .await;
        let why = match healthy {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(why)) => why,
            Err(_) => format!("the system was not healthy within {PATIENCE:?}"),
        };
        self.kill();
        Err(format!("{why}:\n{}", self.log()))
    }

    fn log_path(&self) -> PathBuf {
        let home: &Path = self.home.path();
        home.join("log")
    }
}

impl Drop for System {
    #[expect(clippy::print_stderr, reason = "a failed test shows the log of the system")]
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- the system's log ---\n{}--- end ---", self.log());
        }
    }
}

fn looks() -> tokio::time::Interval {
    let mut looks = interval(BETWEEN_LOOKS);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks
}
