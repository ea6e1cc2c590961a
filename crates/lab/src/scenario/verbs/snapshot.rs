//! The verb `snapshot`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Verb;
use crate::diagnostic::Position;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};
use crate::tenants::snapshots::{NAME_CHARACTERS_MAX, SNAPSHOTS_MAX, is_name};

/// Puts the state of the tenant aside: the data of all services, time and journal. A tenant has at
/// most 20 snapshots.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Snapshot {
    /// A name for the snapshot, with which later steps refer to it.
    name: Spanned<String>,
}

impl Snapshot {
    pub(super) fn name(&self) -> &str {
        &self.name.value
    }
}

impl Verb for Snapshot {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        let (at, name) = (Position::of(&self.name), &self.name.value);
        checker.literal(at, name);
        if !is_name(name) {
            let message = format!("'{name}' cannot be the name of a snapshot");
            let remedy =
                format!("write 1 to {NAME_CHARACTERS_MAX} visible characters, and no UUID, '.' or '..'");
            checker.wrong_at(at, message, remedy);
        }
        if checker.known.is_defined(Kind::Snapshot, name) {
            let message = format!("there is already a snapshot '{name}'");
            checker.wrong_at(at, message, "use another name, or delete it before (delete_snapshot)");
        } else if checker.known.snapshot_count() >= SNAPSHOTS_MAX {
            let message = format!("a tenant has at most {SNAPSHOTS_MAX} snapshots");
            checker.wrong_at(at, message, "delete one before (delete_snapshot)");
        }
        checker.known.take_snapshot(&self.name);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let name = &self.name.value;
        let taken = world.lab.take_snapshot(world.tenant(), name).await?;
        world.save(name, taken.id);
        recorder.note(format!("the snapshot '{name}' has the state of the tenant at {}", taken.now));
        Ok(())
    }
}
