//! The verb `create_policy`.

use outlive_clock::Span;
use reqwest::Method;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Verb;
use super::service_refusal::{ServiceRefusal, admin};
use crate::diagnostic::Position;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};
use crate::seed::conditional_access::{CONTROLS, Policy, frequency};

/// An administrator creates a Conditional Access policy, which applies from the next token request
/// on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreatePolicy {
    /// A name for the policy.
    name: Spanned<String>,
    /// The users whom it concerns, by role; without `users` and `groups` all.
    #[serde(default)]
    users: Vec<Spanned<String>>,
    /// The groups whose members it concerns.
    #[serde(default)]
    groups: Vec<Spanned<String>>,
    /// The users whom it does not concern, by role.
    #[serde(default)]
    except_users: Vec<Spanned<String>>,
    /// The groups whose members it does not concern.
    #[serde(default)]
    except_groups: Vec<Spanned<String>>,
    /// The APIs that it concerns, by the name of their applications; by default all.
    #[serde(default)]
    apps: Vec<Spanned<String>>,
    /// What it requires: `mfa`, or `block` to grant no access at all.
    require: Option<Spanned<String>>,
    /// The maximum age of a sign-in, in whole hours or days.
    sign_in_frequency: Option<Spanned<Span>>,
    /// The role of the administrator.
    #[serde(default = "admin")]
    by: Spanned<String>,
    /// The expected refusal, if any.
    refused: Option<ServiceRefusal>,
}

impl Verb for CreatePolicy {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        self.users.iter().chain(&self.except_users).for_each(|user| checker.must(Kind::User, user));
        self.groups.iter().chain(&self.except_groups).for_each(|group| checker.must(Kind::Group, group));
        self.apps.iter().for_each(|app| checker.must(Kind::Application, app));
        checker.must(Kind::User, &self.by);
        checker.service_refusal(self.refused.as_ref());
        if self.require.is_none() && self.sign_in_frequency.is_none() {
            checker.wrong("the policy requires nothing", "add require or sign_in_frequency");
        }
        if let Some(require) = &self.require {
            checker.one_of("control", require, &CONTROLS);
        }
        if let Some(every) = &self.sign_in_frequency
            && frequency(every.value).is_none()
        {
            let message = format!("a sign-in frequency cannot be {}", every.value);
            checker.wrong_at(Position::of(every), message, "write 1 to 23 hours or 1 to 365 days");
        }
        checker.must_be_new(Kind::Policy, &self.name);
        if self.refused.is_none() {
            checker.known.add(Kind::Policy, &self.name);
        }
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let name = &self.name.value;
        let mut apps = Vec::new();
        for app in &self.apps {
            apps.push(world.application(&app.value)?.client_id.clone());
        }
        let policy = Policy {
            name,
            users: user_ids(world, &self.users)?,
            groups: group_ids(world, &self.groups).await?,
            except_users: user_ids(world, &self.except_users)?,
            except_groups: group_ids(world, &self.except_groups).await?,
            applications: apps,
            control: self.require.as_ref().map(|control| control.value.as_str()),
            sign_in_frequency: self.sign_in_frequency.as_ref().map(|every| every.value),
        };
        let policy = policy.to_json();
        let (by, refused) = (&self.by.value, self.refused.as_ref());
        let path = "/v1.0/identity/conditionalAccess/policies";
        recorder.note(format!("{by} creates the policy '{name}'"));
        let created =
            world.change_directory(by, (Method::POST, path), Some(&policy), refused, recorder).await?;
        let id = created.and_then(|created| created["id"].as_str().map(str::to_owned));
        world.created.policies.extend(id.map(|id| (name.clone(), id)));
        Ok(())
    }
}

fn user_ids(world: &World, roles: &[Spanned<String>]) -> Result<Vec<String>, StepError> {
    roles.iter().map(|role| Ok(world.user(&role.value)?.id.to_string())).collect()
}

async fn group_ids(world: &mut World, names: &[Spanned<String>]) -> Result<Vec<String>, StepError> {
    let mut ids = Vec::new();
    for name in names {
        ids.push(world.group_id(&name.value).await?);
    }
    Ok(ids)
}
