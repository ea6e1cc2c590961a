//! The verb `connection_key`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{Verb, text_of};
use crate::oauth_client::Tokens;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{KeptTokens, StepError, World};

/// A user requests a key for a connection, as tools do that call it without a sign-in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectionKey {
    /// The connection's name.
    connection: Spanned<String>,
    /// The role of the user; by default that of the owner.
    user: Option<Spanned<String>>,
    /// The name under which the key is stored, for a `call` with `scheme: Key`.
    keep: Spanned<String>,
}

impl Verb for ConnectionKey {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Connection, &self.connection);
        checker.must_if(Kind::User, self.user.as_ref());
        checker.known.keep(&self.keep, Some("a connection key has no refresh token"));
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let (name, now) = (&self.connection.value, world.now);
        let owner = world.connection(name)?.owner;
        let maker = world.maker(text_of(self.user.as_ref()).unwrap_or(&owner))?;
        let key = maker.connection_key(now, name).await?;
        let who = maker.user().upn.clone();
        let kept = KeptTokens {
            tokens: Tokens::of_access_token(key),
            app: String::new(),
            scope: String::new(),
            cae_capable: false,
            issued: now,
        };
        world.tokens.insert(self.keep.value.clone(), kept);
        recorder.note(format!("{who} requests a key for the connection '{name}'"));
        Ok(())
    }
}
