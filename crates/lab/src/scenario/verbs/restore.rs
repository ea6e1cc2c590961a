//! The verb `restore`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Verb;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// Brings the tenant back to a snapshot of an earlier step: the data of all services, time and
/// journal. Names have the values that they had there, and those of marks, connections, flows and
/// other objects of later steps are unknown again. Clients keep what they have got since under
/// other names (tokens, captured values, ids, cookies): the issuer rejects such refresh tokens and
/// codes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Restore {
    /// The snapshot's name.
    snapshot: Spanned<String>,
}

impl Verb for Restore {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Snapshot, &self.snapshot);
        checker.known.restore(&self.snapshot.value);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let (name, from) = (&self.snapshot.value, world.now);
        world.lab.restore(world.tenant(), world.saved(name)?.id).await?;
        world.return_to(name)?;
        world.now = world.lab.clock(world.tenant()).await?.now;
        let time = match from == world.now {
            true => format!("it is still {from}"),
            false => format!("time goes back from {from} to {}", world.now),
        };
        recorder.note(format!("the tenant is as in the snapshot '{name}': {time}"));
        Ok(())
    }
}
