//! A lab: started by this process, or running elsewhere.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::error::Error;
use crate::lab_api::LabApi;
use crate::new_tenant::{LIFETIME, NewTenant};
use crate::process::{Process, Ready};
use crate::program;
use crate::tenant::Tenant;

/// The variable with the address of a running lab.
const AGAINST: &str = "OUTLIVE_AGAINST";
/// The variable with the certificate of its authority.
const CA: &str = "OUTLIVE_CA";

/// A lab. One that was started here stops when this value is dropped, or when the process ends.
#[derive(Debug)]
pub struct Lab {
    url: String,
    ca: Option<PathBuf>,
    process: Option<Process>,
}

/// How to start a lab. See [`Lab::builder`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct LabBuilder {
    program: Option<PathBuf>,
    arguments: Vec<String>,
}

/// The list of tenants, without what is in it.
#[derive(Debug, Deserialize)]
struct TenantList {
    #[serde(rename = "tenants")]
    _tenants: Vec<serde_json::Value>,
}

impl Lab {
    /// Returns the lab of this process: the one at `OUTLIVE_AGAINST` if that is set, else a system
    /// that is started on first use and ends with the process.
    ///
    /// # Errors
    /// The program is not there or does not start, or the lab does not answer.
    pub async fn get() -> Result<&'static Self, Error> {
        static SHARED: OnceCell<Lab> = OnceCell::const_new();
        SHARED.get_or_try_init(Self::start).await
    }

    /// Uses the lab at `OUTLIVE_AGAINST` if that is set, else starts a system with temporary data
    /// on free ports.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn start() -> Result<Self, Error> {
        match std::env::var(AGAINST).ok().filter(|url| !url.is_empty()) {
            Some(url) => Self::against(&url).await,
            None => Self::builder().start().await,
        }
    }

    /// Uses a running lab, at the address that `outlive up` printed. `OUTLIVE_CA` names the
    /// certificate of its authority.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn against(url: &str) -> Result<Self, Error> {
        let api = LabApi::new(url)?;
        let _: TenantList = api.get("/tenants").await?;
        Ok(Self {
            url: api.lab().to_owned(),
            ca: std::env::var_os(CA).filter(|path| !path.is_empty()).map(PathBuf::from),
            process: None,
        })
    }

    /// Starts a system with options.
    pub fn builder() -> LabBuilder {
        LabBuilder::default()
    }

    /// The address of the console and the lab API.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The certificate (PEM) of the authority that https clients have to trust; for a lab that runs
    /// elsewhere, the file of `OUTLIVE_CA`.
    ///
    /// # Errors
    /// `OUTLIVE_CA` is not set, or names no file.
    pub fn ca(&self) -> Result<&Path, Error> {
        let unknown = |why| Error::UnknownAuthority { lab: self.url.clone(), why };
        let path = self.ca.as_deref().ok_or_else(|| unknown(format!("{CA} is not set")))?;
        if path.is_file() { Ok(path) } else { Err(unknown(format!("there is no file {}", path.display()))) }
    }

    /// The last lines of the log of a system that was started here.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.as_ref().map(|process| process.log.text()).unwrap_or_default()
    }

    /// Creates a tenant from the seed `contoso.example`, which exists for an hour at most.
    ///
    /// # Errors
    /// The lab does not answer or does not create it.
    pub async fn tenant(&self) -> Result<Tenant, Error> {
        self.new_tenant().create().await
    }

    /// Creates a tenant with options.
    pub fn new_tenant(&self) -> NewTenant {
        NewTenant::new(self.url.clone())
    }

    /// Creates the tenant that [`Tenant::export`] returned: the same one, with its id, so a lab has
    /// one of it. It exists for an hour at most.
    ///
    /// # Errors
    /// The lab does not answer, has the tenant, or is of another version; or the text is no export.
    pub async fn import_tenant(&self, exported: &str) -> Result<Tenant, Error> {
        Tenant::import(LabApi::new(&self.url)?, exported, LIFETIME).await
    }

    /// Returns an existing tenant, which is not deleted when the value is dropped.
    ///
    /// # Errors
    /// There is none with this id.
    pub async fn existing_tenant(&self, id: &str) -> Result<Tenant, Error> {
        Tenant::open(LabApi::new(&self.url)?, id).await
    }

    /// Stops a system that was started here, and waits until it has ended. A lab that runs
    /// elsewhere is left alone.
    ///
    /// # Errors
    /// It does not end, or ends with an error.
    pub async fn stop(self) -> Result<(), Error> {
        match self.process {
            Some(process) => process.stop().await,
            None => Ok(()),
        }
    }
}

impl LabBuilder {
    /// The program, instead of that of `OUTLIVE_BIN` or `outlive` on `PATH`.
    pub fn program(mut self, path: impl Into<PathBuf>) -> Self {
        self.program = Some(path.into());
        self
    }

    /// A number that makes ids, keys, lifetimes and tokens reproducible.
    pub fn seed_number(self, seed: u64) -> Self {
        self.argument("--seed", &seed.to_string())
    }

    /// A seed file for the tenants.
    pub fn seed_file(self, path: impl AsRef<Path>) -> Self {
        self.argument("--seed", &path.as_ref().display().to_string())
    }

    /// The rules of the tenants: an edition such as `2025-11`, or `2021`.
    pub fn rules(self, edition: &str) -> Self {
        self.argument("--rules", edition)
    }

    fn argument(mut self, option: &str, value: &str) -> Self {
        self.arguments.extend([option.to_owned(), value.to_owned()]);
        self
    }

    /// Starts the system, and waits until it is ready.
    ///
    /// # Errors
    /// The program is not there or does not start.
    pub async fn start(self) -> Result<Lab, Error> {
        let program = program::find(self.program.as_deref())?;
        let (process, Ready { urls, ca }) = Process::start(&program, &self.arguments).await?;
        Ok(Lab { url: urls.console, ca, process: Some(process) })
    }
}
