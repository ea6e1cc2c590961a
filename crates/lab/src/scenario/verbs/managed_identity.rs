//! The verb `managed_identity`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::token_response::{RefusalExpectation, TokenSlot};
use super::{Verb, text_of};
use crate::diagnostic::Position;
use crate::http::send;
use crate::oauth_client::{OAuthError, Refusal};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A program on a resource of Azure requests a token from its identity endpoint, without a secret.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManagedIdentity {
    /// The system-assigned managed identity, by name.
    identity: Spanned<String>,
    /// The application ID URI of the API.
    resource: Spanned<String>,
    /// A user-assigned managed identity of the same resource, by name; by default its own.
    with: Option<Spanned<String>>,
    /// The name under which the token is stored.
    keep: Option<Spanned<String>>,
    /// The expected refusal, if any.
    refused: Option<RefusalExpectation>,
}

impl Verb for ManagedIdentity {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Identity, &self.identity);
        checker.must_if(Kind::Identity, self.with.as_ref());
        checker.text(Position::of(&self.resource), &self.resource.value);
        let without = "a managed identity gets none";
        checker.token_response(self.keep.as_ref(), self.refused.as_ref(), Some(without));
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let name = &self.identity.value;
        let of = |name: &str| world.credentials.managed_identities.iter().find(|found| found.name == name);
        let found = of(name).ok_or_else(|| StepError(format!("there is no managed identity '{name}'")))?;
        let environment = found.environment.as_ref();
        let environment = environment.ok_or_else(|| {
            StepError(format!("'{name}' is user-assigned, so it has no endpoint of its own"))
        })?;
        let mut query =
            vec![("api-version", "2019-08-01".to_owned()), ("resource", world.fill(&self.resource.value)?)];
        if let Some(with) = &self.with {
            let with = of(&with.value).ok_or_else(|| StepError(format!("there is no '{}'", with.value)))?;
            query.push(("client_id", with.client_id.clone()));
        }
        let request = world.http.request(reqwest::Method::GET, &environment.identity_endpoint).query(&query);
        let answer = send(request.header("X-IDENTITY-HEADER", &environment.identity_header)).await?;
        let result = match answer.status {
            200 => Ok(answer.expect()?),
            _ => Err(OAuthError::Refused(Refusal::of(&answer))),
        };
        let action = format!("a program on {name} requests a token for {}", self.resource.value);
        let slot = TokenSlot {
            name: text_of(self.keep.as_ref()),
            app: name,
            scope: &self.resource.value,
            cae_capable: false,
        };
        world.record_response(&action, result, self.refused.as_ref(), &slot, recorder)
    }
}
