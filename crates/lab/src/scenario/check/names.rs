//! What is known at a step: names from the seed and from earlier steps, and the effects of earlier
//! steps.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use outlive_clock::Instant;
use serde_saphyr::Spanned;

use super::mistake::Mistake;
use crate::diagnostic::closest;
use crate::seed::Seed;
use crate::starts::Starts;

/// What a name refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::scenario) enum Kind {
    User,
    Application,
    Connector,
    Tokens,
    Mark,
    Connection,
    Flow,
    Object,
    ApiKey,
    Identity,
    Certificate,
    Fault,
    Device,
    Secret,
    Policy,
    Group,
    Captured,
    Snapshot,
}

impl Kind {
    pub(super) const fn what(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Application => "application",
            Self::Connector => "connector",
            Self::Tokens => "tokens",
            Self::Mark => "mark",
            Self::Connection => "connection",
            Self::Flow => "flow",
            Self::Object => "object",
            Self::ApiKey => "API key",
            Self::Identity => "managed identity",
            Self::Certificate => "certificate",
            Self::Fault => "fault",
            Self::Device => "device",
            Self::Secret => "client secret",
            Self::Policy => "policy",
            Self::Group => "group",
            Self::Captured => "captured value",
            Self::Snapshot => "snapshot",
        }
    }

    /// Where such names are defined.
    const fn origin(self) -> &'static str {
        match self {
            Self::User | Self::Application | Self::ApiKey | Self::Identity => "in the seed",
            Self::Connector => "in the seed, or created by an earlier step (create_connector)",
            Self::Group => "in the seed, or created by an earlier step (create_group)",
            Self::Device => "given by an earlier step (start_device)",
            Self::Secret => "given by an earlier step (add_secret)",
            Self::Policy => "given by an earlier step (create_policy)",
            Self::Tokens => "stored by an earlier step (keep: NAME)",
            Self::Mark => "set by an earlier step (mark: NAME)",
            Self::Connection => "created by an earlier step (create_connection)",
            Self::Flow => "created by an earlier step (create_flow)",
            Self::Certificate => "created by an earlier step (create_certificate)",
            Self::Captured => "captured by an earlier step (capture)",
            Self::Snapshot => "taken by an earlier step (snapshot)",
            Self::Fault => "added by an earlier step (fault)",
            Self::Object => "stored by an earlier call to Graph (keep: NAME)",
        }
    }
}

/// A connection that an earlier step created.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct KnownConnection<'a> {
    pub(in crate::scenario) owner: &'a str,
    pub(in crate::scenario) connector: &'a str,
}

/// What is known at a step.
#[derive(Clone)]
pub(in crate::scenario) struct Known<'a> {
    pub(super) names: HashMap<Kind, BTreeSet<String>>,
    seed_is_known: bool,
    /// Why stored tokens have no refresh token, by name; absent if they have one.
    pub(in crate::scenario) without_refresh_token: BTreeMap<&'a str, &'static str>,
    /// Roles of users with a passkey.
    pub(in crate::scenario) passkeys: BTreeSet<&'a str>,
    /// Roles of users with an authenticator app.
    pub(in crate::scenario) authenticator_apps: BTreeSet<&'a str>,
    /// The connections that were shared, with the roles of the users who may use them.
    pub(in crate::scenario) shares: BTreeSet<(&'a str, &'a str)>,
    /// Roles of users who signed in with a browser.
    pub(in crate::scenario) browsers: BTreeSet<&'a str>,
    /// Roles of users whose password changed.
    pub(in crate::scenario) changed_passwords: BTreeSet<&'a str>,
    /// The faults that last until a step ends them.
    pub(in crate::scenario) lasting_faults: BTreeSet<&'a str>,
    /// Whether the tenant's signing key was rotated.
    pub(in crate::scenario) has_retired_key: bool,
    /// Whether keys are rotated on a schedule.
    pub(in crate::scenario) will_retire_key: bool,
    /// The connections, by name.
    pub(in crate::scenario) connections: BTreeMap<&'a str, KnownConnection<'a>>,
    /// The earliest possible virtual time; `None` if the scenario starts relative to wall time.
    pub(in crate::scenario) earliest: Option<Instant>,
    /// What was known when each snapshot was taken, by its name.
    pub(super) snapshots: BTreeMap<&'a str, Self>,
}

impl<'a> Known<'a> {
    pub(in crate::scenario) fn of(seed: Option<&Seed>, start: Starts) -> Self {
        let mut known = Self {
            names: HashMap::new(),
            seed_is_known: seed.is_some(),
            without_refresh_token: BTreeMap::new(),
            passkeys: BTreeSet::new(),
            authenticator_apps: BTreeSet::new(),
            shares: BTreeSet::new(),
            browsers: BTreeSet::new(),
            changed_passwords: BTreeSet::new(),
            lasting_faults: BTreeSet::new(),
            has_retired_key: false,
            will_retire_key: false,
            connections: BTreeMap::new(),
            earliest: match start {
                Starts::At(instant) => Some(instant),
                Starts::Before(_) => None,
            },
            snapshots: BTreeMap::new(),
        };
        if let Some(seed) = seed {
            seed.file.users.iter().for_each(|user| known.add(Kind::User, &user.role));
            seed.file.applications.iter().for_each(|app| known.add(Kind::Application, &app.name));
            seed.file.groups.iter().for_each(|group| known.add(Kind::Group, &group.name));
            seed.file.api_keys.iter().for_each(|key| known.add(Kind::ApiKey, key));
            seed.file.managed_identities.iter().for_each(|found| known.add(Kind::Identity, &found.name));
            seed.file.connectors.iter().for_each(|connector| known.add(Kind::Connector, &connector.name));
        }
        known
    }

    pub(in crate::scenario) fn add(&mut self, kind: Kind, name: &Spanned<String>) {
        self.names.entry(kind).or_default().insert(name.value.clone());
    }

    /// Records tokens that a step stores. `without_refresh_token` is the reason if they have no
    /// refresh token.
    pub(in crate::scenario) fn keep(
        &mut self,
        name: &'a Spanned<String>,
        without_refresh_token: Option<&'static str>,
    ) {
        self.add(Kind::Tokens, name);
        match without_refresh_token {
            Some(why) => self.without_refresh_token.insert(&name.value, why),
            None => self.without_refresh_token.remove(name.value.as_str()),
        };
    }

    pub(in crate::scenario) fn holds(&self, kind: Kind, name: &str) -> bool {
        let of_the_seed = matches!(kind, Kind::User | Kind::Application | Kind::Connector | Kind::Group);
        (of_the_seed && !self.seed_is_known)
            || self.names.get(&kind).is_some_and(|names| names.contains(name))
    }

    /// Whether the seed or an earlier step defines the name.
    pub(in crate::scenario) fn is_defined(&self, kind: Kind, name: &str) -> bool {
        self.names.get(&kind).is_some_and(|names| names.contains(name))
    }

    pub(in crate::scenario) fn must(&self, kind: Kind, name: &Spanned<String>) -> Result<(), Mistake> {
        if self.holds(kind, &name.value) {
            return Ok(());
        }
        let known: Vec<_> = self.names.get(&kind).into_iter().flatten().map(String::as_str).collect();
        let (origin, names) = (kind.origin(), known.join(", "));
        let remedy = match closest(&name.value, known.iter().copied()) {
            Some(close) => format!("did you mean {close}? Such names are {origin}: {names}"),
            None if known.is_empty() => format!("such names are {origin}; none is defined yet"),
            None => format!("such names are {origin}: {names}"),
        };
        let are = if kind == Kind::Tokens { "are" } else { "is" };
        let message = format!("no {} '{}' {are} known here", kind.what(), name.value);
        Err(Mistake::at(name, message, remedy))
    }

    /// Returns the names of what steps store or create that are new.
    pub(in crate::scenario) fn stored_since(&self, before: &Self) -> Vec<(Kind, String)> {
        let stored = [
            Kind::Tokens,
            Kind::Mark,
            Kind::Captured,
            Kind::Connection,
            Kind::Device,
            Kind::Fault,
            Kind::Group,
            Kind::Policy,
        ];
        let all =
            stored.iter().flat_map(|kind| self.names.get(kind).into_iter().flatten().map(move |n| (kind, n)));
        all.filter(|(kind, name)| !before.is_defined(**kind, name))
            .map(|(kind, name)| (*kind, name.clone()))
            .collect()
    }

    /// Removes a name that a step makes unusable.
    pub(in crate::scenario) fn remove(&mut self, kind: Kind, name: &str) {
        if let Some(names) = self.names.get_mut(&kind) {
            names.remove(name);
        }
    }

    /// Adds what changed in a step that ran at the same time, compared with what was known before
    /// all of them.
    pub(in crate::scenario) fn merge(&mut self, before: &Self, other: Self) {
        for (kind, known) in &before.names {
            let kept = other.names.get(kind);
            let names = self.names.entry(*kind).or_default();
            names.retain(|name| !known.contains(name) || kept.is_some_and(|kept| kept.contains(name)));
        }
        for (kind, names) in other.names {
            let is_new = |name: &String| !before.is_defined(kind, name);
            self.names.entry(kind).or_default().extend(names.into_iter().filter(is_new));
        }
        self.lasting_faults.extend(other.lasting_faults.difference(&before.lasting_faults));
        self.without_refresh_token.retain(|name, _| {
            other.without_refresh_token.contains_key(name) || !before.without_refresh_token.contains_key(name)
        });
        let is_new = |name: &&str, why: &&str| before.without_refresh_token.get(name) != Some(why);
        self.without_refresh_token
            .extend(other.without_refresh_token.into_iter().filter(|(name, why)| is_new(name, why)));
        self.shares.retain(|share| other.shares.contains(share) || !before.shares.contains(share));
        self.shares.extend(other.shares.into_iter().filter(|share| !before.shares.contains(share)));
        self.passkeys.extend(other.passkeys);
        self.authenticator_apps.extend(other.authenticator_apps);
        self.browsers.extend(other.browsers);
        self.changed_passwords.extend(other.changed_passwords);
        self.has_retired_key |= other.has_retired_key;
        self.will_retire_key |= other.will_retire_key;
        self.connections.extend(other.connections);
    }

    /// Whether `${name}` will have a value.
    pub(in crate::scenario) fn can_fill(&self, name: &str) -> bool {
        let Some((kind, rest)) = name.split_once('.') else { return name == "round" };
        match kind {
            // The expansion has reported those without a value.
            "var" | "row" => true,
            "captured" => self.holds(Kind::Captured, rest),
            "mark" => self.holds(Kind::Mark, rest),
            "issued" | "expires" => self.holds(Kind::Tokens, rest),
            "user" => rest.rsplit_once('.').is_some_and(|(role, field)| {
                matches!(field, "id" | "upn" | "password") && self.holds(Kind::User, role)
            }),
            "key" => self.holds(Kind::ApiKey, rest),
            "app" => {
                let field = |field| rest.strip_suffix(field);
                let name = field(".client_id").or_else(|| field(".secret"));
                name.is_some_and(|name| self.holds(Kind::Application, name))
            }
            "identity" => rest.rsplit_once('.').is_some_and(|(name, field)| {
                matches!(field, "client_id" | "principal_id" | "resource_id")
                    && self.holds(Kind::Identity, name)
            }),
            "certificate" => rest.rsplit_once('.').is_some_and(|(name, field)| {
                self.holds(Kind::Certificate, name) && ["pfx", "password", "key"].contains(&field)
            }),
            "connection" => rest.strip_suffix(".id").is_some_and(|name| self.holds(Kind::Connection, name)),
            "flow" => rest.strip_suffix(".id").is_some_and(|name| self.holds(Kind::Flow, name)),
            "object" => rest.strip_suffix(".id").is_some_and(|name| self.holds(Kind::Object, name)),
            "tenant" => rest == "id",
            _ => false,
        }
    }
}
