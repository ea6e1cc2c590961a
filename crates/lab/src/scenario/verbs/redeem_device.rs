//! The verb `redeem_device`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::token_response::{RefusalExpectation, TokenSlot};
use super::{Verb, text_of};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// An application on a device asks the token endpoint once whether the user has answered. Before
/// that it is refused with `authorization_pending`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedeemDevice {
    /// The device's name.
    device: Spanned<String>,
    /// The application that redeems the code; by default the one that requested it.
    by: Option<Spanned<String>>,
    /// The name under which the tokens are stored.
    keep: Option<Spanned<String>>,
    /// The expected refusal, if any.
    refused: Option<RefusalExpectation>,
}

impl Verb for RedeemDevice {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Device, &self.device);
        checker.must_if(Kind::Application, self.by.as_ref());
        checker.token_response(self.keep.as_ref(), self.refused.as_ref(), None);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let device = world.device(&self.device.value)?.clone();
        let by = text_of(self.by.as_ref()).unwrap_or(&device.app);
        let result = world.client(by)?.redeem_device(&world.http, &device.codes.device_code).await;
        let action = format!("{by} redeems the device code of '{}'", self.device.value);
        let slot = TokenSlot {
            name: text_of(self.keep.as_ref()),
            app: by,
            scope: &device.scope,
            cae_capable: false,
        };
        world.record_response(&action, result, self.refused.as_ref(), &slot, recorder)
    }
}
