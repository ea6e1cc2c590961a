//! Steps that move time.

use std::convert::Infallible;
use std::time::Duration;

use futures::future::Either;
use outlive_chassis::pause;
use outlive_clock::{Instant, Span};

use super::play::Observer;
use super::recorder::StepRecorder;
use super::world::{StepError, World};
use crate::scenario::file::Advance;
use crate::scenario::result::Check;

/// How often the progress of time is reported to the observer, in wall time.
const REPORT_EVERY: Duration = Duration::from_millis(100);

impl World {
    pub(super) async fn advance(
        &mut self,
        step: &Advance,
        observer: &dyn Observer,
        recorder: &mut StepRecorder,
    ) -> Result<(), StepError> {
        let from = self.now;
        let target = match (&step.by, &step.to, &step.to_expiry_of) {
            (Some(by), ..) => from + by.value,
            (None, Some(to), _) => to.value,
            (None, None, Some(tokens)) => {
                let less = step.less.as_ref().map_or(Span::ZERO, |less| less.value);
                self.kept(&tokens.value)?.expires() - less
            }
            (None, None, None) => {
                return Err(StepError("an advance needs one of by, to and to_expiry_of".to_owned()));
            }
        };
        let moved = {
            let moving = std::pin::pin!(self.lab.set(self.tenant(), target));
            let reporting = std::pin::pin!(self.report_time(from, target, observer));
            match futures::future::select(moving, reporting).await {
                Either::Left((moved, _)) => moved,
                Either::Right((never, _)) => match never {},
            }
        };
        observer.time_stopped();
        let moved = moved?;
        self.now = moved.now;
        let succeeded = moved.done - moved.failed.min(moved.done);
        let passed = target - from;
        let runs = match (succeeded, moved.failed) {
            (0, 0) => "nothing was due".to_owned(),
            (1, 0) => "1 run succeeded".to_owned(),
            (succeeded, 0) => format!("{succeeded} runs succeeded"),
            (succeeded, 1) => format!("of {} runs, 1 failed", succeeded + 1),
            (succeeded, failed) => format!("of {} runs, {failed} failed", succeeded + failed),
        };
        recorder.note(format!("time moves by {passed} to {}: {runs}", moved.now));
        if let Some(runs) = step.runs {
            recorder.check(Check::equal("runs during the advance", runs, moved.done));
        }
        if let Some(failed) = step.failed {
            recorder.check(Check::equal("failed runs during the advance", failed, moved.failed));
        }
        Ok(())
    }

    /// Reports the progress of time to the observer until the future is dropped.
    async fn report_time(&self, from: Instant, target: Instant, observer: &dyn Observer) -> Infallible {
        loop {
            pause(REPORT_EVERY).await;
            if let Ok(clock) = self.lab.clock(self.tenant()).await {
                observer.time_moved(from, clock.now, target);
            }
        }
    }
}
