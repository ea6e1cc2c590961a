//! A tenant to create.

use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::lab_api::LabApi;
use crate::overlay::{NewApplication, NewUser};
use crate::tenant::Tenant;
use crate::time::Span;

/// How long a tenant exists if nothing else is given (wall time).
pub(crate) const LIFETIME: &str = "PT1H";

/// A tenant to create. See [`Lab::new_tenant`](crate::Lab::new_tenant).
#[derive(Clone, Debug)]
#[must_use]
pub struct NewTenant {
    lab: String,
    request: Map<String, Value>,
}

impl NewTenant {
    pub(crate) fn new(lab: String) -> Self {
        let tenant = Self { lab, request: Map::new() };
        tenant.member("lifetime", LIFETIME).speed(0)
    }

    /// Its display name.
    pub fn name(self, name: &str) -> Self {
        self.member("name", name)
    }

    /// Its seed, by name; by default that of the lab.
    pub fn seed(self, name: &str) -> Self {
        self.member("seed", name)
    }

    /// The edition of its revocation table, for example `2021`.
    pub fn rules(self, edition: &str) -> Self {
        self.member("rules", edition)
    }

    /// When its time starts: an instant in the past, or a negative duration before now (`-P90D`).
    /// Advanced by the same duration, its time is the present.
    pub fn starts(self, starts: &str) -> Self {
        self.member("starts", starts)
    }

    /// How many virtual seconds pass in a second. By default 0: only `advance` moves time.
    pub fn speed(self, speed: u32) -> Self {
        self.member("clock", json!({ "speed": speed }))
    }

    /// A user in addition to those of the seed.
    pub fn user(self, user: NewUser) -> Self {
        let role = user.role.clone();
        self.overlay("users", role, user.into_value())
    }

    /// An application in addition to those of the seed.
    pub fn application(self, application: NewApplication) -> Self {
        let name = application.name.clone();
        self.overlay("applications", name, application.into_value())
    }

    fn overlay(mut self, what: &str, name: String, item: Value) -> Self {
        let overlay = self.request.entry("overlay").or_insert_with(|| json!({}));
        if let Some(members) = overlay.as_object_mut()
            && let Some(items) = members.entry(what).or_insert_with(|| json!({})).as_object_mut()
        {
            items.insert(name, item);
        }
        self
    }

    /// Without the connections and flows of the seed, which is faster.
    pub fn bare(self) -> Self {
        self.member("bare", true)
    }

    /// How long it exists, if it is not deleted before (wall time; an hour by default, at most 30
    /// days).
    pub fn lifetime(self, lifetime: impl Into<Span>) -> Self {
        self.member("lifetime", lifetime.into().to_string())
    }

    /// Any other member of `POST /lab/tenants`, for example `complete`.
    pub fn with(self, name: &str, value: impl Into<Value>) -> Self {
        self.member(name, value)
    }

    fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.request.insert(name.to_owned(), value.into());
        self
    }

    /// Creates the tenant.
    ///
    /// # Errors
    /// The lab does not answer, or rejects an option.
    pub async fn create(self) -> Result<Tenant, Error> {
        Tenant::create(LabApi::new(&self.lab)?, &Value::Object(self.request)).await
    }
}
