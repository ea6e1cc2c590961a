//! The verb `end_fault`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Verb;
use super::verb::lab_refusal;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A fault of an earlier step ends.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndFault {
    /// Its name.
    name: Spanned<String>,
    /// The expected number of requests that met it.
    hits: Option<u64>,
}

impl Verb for EndFault {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Fault, &self.name);
        checker.known.remove(Kind::Fault, &self.name.value);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let name = &self.name.value;
        let unknown = || StepError(format!("there is no fault '{name}'"));
        let id = world.faults.remove(name).ok_or_else(unknown)?;
        let fault = world.lab.fault(world.tenant(), id).await.map_err(lab_refusal)?;
        world.lab.remove_fault(world.tenant(), id).await.map_err(lab_refusal)?;
        recorder.note(format!("the fault '{name}' ends after {} hits", fault.hits));
        if let Some(hits) = self.hits {
            recorder.check(Check::equal("requests that met the fault", hits, fault.hits));
        }
        Ok(())
    }
}
