//! The verbs of scenario files. Each is one file: a struct with the fields of the verb, what can be
//! wrong with them, and what the verb does.

mod add_member;
mod add_secret;
mod advance;
mod answer;
mod answer_device;
mod call;
mod change_password;
mod client_credentials;
mod connection_key;
mod create_certificate;
mod create_connection;
mod create_connector;
mod create_flow;
mod create_group;
mod create_policy;
mod delete_connection;
mod delete_flow;
mod delete_policy;
mod delete_snapshot;
mod end_fault;
mod event;
mod expect_connection;
mod expect_journal;
mod expect_runs;
mod expect_token;
mod fault;
mod fix_connection;
mod forge;
mod grant_admin_consent;
mod graph;
mod http;
mod managed_identity;
mod on_behalf_of;
mod password_grant;
mod portal;
mod redeem_device;
mod refresh;
mod register_authenticator;
mod register_passkey;
mod remove_member;
mod remove_owner;
mod remove_secret;
mod replace_secret;
mod reset_password;
mod restore;
mod revoke_consent;
mod run_flow;
mod service_refusal;
mod share_connection;
mod share_flow;
mod sign_in;
mod sign_in_with_code;
mod sign_out;
mod snapshot;
mod start_device;
mod start_flow;
mod stop_flow;
mod stop_sharing_connection;
mod token_response;
mod verb;
mod why;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use self::verb::{Verb, default_text, text_of};
use super::capture::Capture;
use super::check::checker::Checker;
use super::eventually::Eventually;
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
            pub say: Option<Spanned<String>>,
            /// How often the step or block is executed; `${round}` counts from 1.
            pub repeat: Option<u64>,
            /// A table: the step or block is executed once per row, with `${row.COLUMN}`.
            pub examples: Option<Vec<BTreeMap<String, Value>>>,
            /// A block of steps to repeat, instead of a verb.
            pub steps: Option<Vec<Step>>,
            /// Steps that run at the same time, instead of a verb. Each starts from the state
            /// before them, so none can use a name that another defines. Which request is first is
            /// open, also with `--seed`, and with it the order of journal events and the ids that a
            /// service generates; lifetimes of tokens do not depend on it.
            pub parallel: Option<Spanned<Vec<Spanned<Step>>>>,
            /// A name for the virtual instant at which the step ends.
            pub mark: Option<Spanned<String>>,
            /// Values of its result that later steps use as `${captured.NAME}`, by name.
            pub capture: Option<Spanned<BTreeMap<String, Capture>>>,
            /// Tries it again, while time moves, until its expectations are met.
            pub eventually: Option<Eventually>,
            $(pub(super) $module: Option<$module::$verb>,)+
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
    sign_in_with_code: SignInWithCode,
    sign_out: SignOut,
    refresh: Refresh,
    password_grant: PasswordGrant,
    start_device: StartDevice,
    answer_device: AnswerDevice,
    redeem_device: RedeemDevice,
    client_credentials: ClientCredentials,
    on_behalf_of: OnBehalfOf,
    managed_identity: ManagedIdentity,
    forge: Forge,
    call: Call,
    graph: Graph,
    http: Http,
    change_password: ChangePassword,
    reset_password: ResetPassword,
    register_passkey: RegisterPasskey,
    register_authenticator: RegisterAuthenticator,
    event: Event,
    fault: Fault,
    end_fault: EndFault,
    add_secret: AddSecret,
    remove_secret: RemoveSecret,
    replace_secret: ReplaceSecret,
    create_policy: CreatePolicy,
    delete_policy: DeletePolicy,
    create_group: CreateGroup,
    add_member: AddMember,
    remove_member: RemoveMember,
    grant_admin_consent: GrantAdminConsent,
    revoke_consent: RevokeConsent,
    create_certificate: CreateCertificate,
    create_connector: CreateConnector,
    create_connection: CreateConnection,
    fix_connection: FixConnection,
    connection_key: ConnectionKey,
    share_connection: ShareConnection,
    stop_sharing_connection: StopSharingConnection,
    delete_connection: DeleteConnection,
    expect_connection: ExpectConnection,
    create_flow: CreateFlow,
    start_flow: StartFlow,
    stop_flow: StopFlow,
    run_flow: RunFlow,
    share_flow: ShareFlow,
    remove_owner: RemoveOwner,
    delete_flow: DeleteFlow,
    advance: Advance,
    snapshot: Snapshot,
    restore: Restore,
    delete_snapshot: DeleteSnapshot,
    expect_runs: ExpectRuns,
    expect_token: ExpectToken,
    why: Why,
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

    /// Returns the step itself, or those that run at the same time.
    pub(super) fn single(step: &Spanned<Self>) -> impl Iterator<Item = &Spanned<Self>> {
        match &step.value.parallel {
            None => std::slice::from_ref(step).iter(),
            Some(parallel) => parallel.value.iter(),
        }
    }

    /// Whether it moves time, as events do, which happen at the next whole second, uses a passkey,
    /// or concerns a snapshot of the whole tenant, which steps at the same time cannot.
    pub(super) fn excludes_others(&self) -> bool {
        let by_passkey = self.sign_in.as_ref().is_some_and(sign_in::SignIn::is_by_passkey);
        let by_code = self.register_authenticator.is_some() || self.sign_in_with_code.is_some();
        let moves_time = self.advance.is_some() || self.eventually.is_some() || by_code;
        let waits = self.event.is_some() || self.change_password.is_some() || self.reset_password.is_some();
        let of_snapshot = self.snapshot.is_some() || self.restore.is_some() || self.delete_snapshot.is_some();
        moves_time || waits || of_snapshot || self.register_passkey.is_some() || by_passkey
    }

    /// Returns the name of the snapshot that it takes.
    pub(super) fn taken_snapshot(&self) -> Option<&str> {
        self.snapshot.as_ref().map(snapshot::Snapshot::name)
    }

    /// Whether a user signs in with the session of a browser.
    pub(super) fn is_sign_in_by_session(&self) -> bool {
        self.sign_in.as_ref().is_some_and(sign_in::SignIn::is_by_session)
    }
}
