//! The verbs of scenario files. Each is one file: a struct with the fields of the verb, what can be
//! wrong with them, and what the verb does.

mod advance;
mod answer;
mod call;
mod change_password;
mod client_credentials;
mod connection_key;
mod create_certificate;
mod create_connection;
mod create_flow;
mod end_fault;
mod event;
mod expect_connection;
mod expect_journal;
mod expect_runs;
mod fault;
mod fix_connection;
mod graph;
mod portal;
mod refresh;
mod register_passkey;
mod remove_owner;
mod replace_secret;
mod run_flow;
mod share_flow;
mod sign_in;
mod start_flow;
mod stop_flow;
mod token_response;
mod verb;

use serde::Deserialize;
use serde_saphyr::Spanned;

use self::verb::{Verb, default_text, text_of};
use super::check::checker::Checker;
use super::run::recorder::StepRecorder;
use super::run::world::{StepError, World};

/// Lists the verbs, which are fields of [`Step`] and variants of [`StepVerb`].
macro_rules! verbs {
    ($($module:ident: $verb:ident,)+) => {
        /// A step as written. `Step::verb` returns its only verb.
        #[derive(Clone, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Step {
            /// Its title.
            pub say: Option<String>,
            /// A name for the virtual instant at which the step ends.
            pub mark: Option<Spanned<String>>,
            $($module: Option<$module::$verb>,)+
        }

        impl Step {
            fn verbs(&self) -> impl Iterator<Item = StepVerb<'_>> {
                [$(self.$module.as_ref().map(StepVerb::$verb)),+].into_iter().flatten()
            }
        }

        /// The verb of a step.
        #[derive(Clone, Copy)]
        pub(super) enum StepVerb<'a> {
            $($verb(&'a $module::$verb),)+
        }

        impl<'a> StepVerb<'a> {
            /// The names of all verbs.
            pub(super) const NAMES: &'static [&'static str] = &[$(stringify!($module)),+];

            pub(super) const fn name(self) -> &'static str {
                match self {
                    $(Self::$verb(_) => stringify!($module),)+
                }
            }

            pub(super) fn check(self, checker: &mut Checker<'a>) {
                match self {
                    $(Self::$verb(verb) => verb.check(checker),)+
                }
            }

            pub(super) async fn run(
                self,
                world: &mut World,
                recorder: &mut StepRecorder<'_>,
            ) -> Result<(), StepError> {
                match self {
                    $(Self::$verb(verb) => verb.run(world, recorder).await,)+
                }
            }
        }
    };
}

verbs! {
    sign_in: SignIn,
    refresh: Refresh,
    client_credentials: ClientCredentials,
    call: Call,
    graph: Graph,
    change_password: ChangePassword,
    register_passkey: RegisterPasskey,
    event: Event,
    fault: Fault,
    end_fault: EndFault,
    replace_secret: ReplaceSecret,
    create_certificate: CreateCertificate,
    create_connection: CreateConnection,
    fix_connection: FixConnection,
    connection_key: ConnectionKey,
    expect_connection: ExpectConnection,
    create_flow: CreateFlow,
    start_flow: StartFlow,
    stop_flow: StopFlow,
    run_flow: RunFlow,
    share_flow: ShareFlow,
    remove_owner: RemoveOwner,
    advance: Advance,
    expect_runs: ExpectRuns,
    expect_journal: ExpectJournal,
}

impl Step {
    /// Returns the step's verb, or the names of its verbs if it has none or several.
    pub(super) fn verb(&self) -> Result<StepVerb<'_>, Vec<&'static str>> {
        let verbs: Vec<_> = self.verbs().collect();
        match verbs[..] {
            [verb] => Ok(verb),
            _ => Err(verbs.into_iter().map(StepVerb::name).collect()),
        }
    }

    /// Whether a user signs in with the session of a browser.
    pub(super) fn is_sign_in_by_session(&self) -> bool {
        self.sign_in.as_ref().is_some_and(sign_in::SignIn::is_by_session)
    }
}
