//! The verb `delete_snapshot`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Verb;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A snapshot of an earlier step is deleted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteSnapshot {
    /// The snapshot's name.
    snapshot: Spanned<String>,
}

impl Verb for DeleteSnapshot {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Snapshot, &self.snapshot);
        checker.known.delete_snapshot(&self.snapshot.value);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let name = &self.snapshot.value;
        world.lab.delete_snapshot(world.tenant(), world.saved(name)?.id).await?;
        world.snapshots.remove(name);
        recorder.note(format!("the snapshot '{name}' is deleted"));
        Ok(())
    }
}
