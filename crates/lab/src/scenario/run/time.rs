//! Steps in which time moves.

use std::convert::Infallible;
use std::time::Duration;

use futures::future::Either;
use outlive_chassis::pause;
use outlive_clock::{Instant, Span};

use super::play::Observer;
use super::telling::Telling;
use super::world::{StepError, World};
use crate::scenario::file::Advance;
use crate::scenario::result::Check;

/// How often an observer is told how far time has come, in wall time.
const LOOK_EVERY: Duration = Duration::from_millis(100);

impl World {
    pub(super) async fn advance(
        &mut self,
        step: &Advance,
        observer: &dyn Observer,
        telling: &mut Telling,
    ) -> Result<(), StepError> {
        let from = self.now;
        let target = match (&step.by, &step.to, &step.to_expiry_of) {
            (Some(by), ..) => from + by.value,
            (None, Some(to), _) => to.value,
            (None, None, Some(tokens)) => {
                let less = step.less.as_ref().map_or(Span::ZERO, |less| less.value);
                self.kept(&tokens.value)?.expires() - less
            }
            (None, None, None) => return Err(StepError("time has nowhere to go".to_owned())),
        };
        let moved = {
            let moving = std::pin::pin!(self.lab.set(self.tenant(), target));
            let looking = std::pin::pin!(self.look(from, target, observer));
            match futures::future::select(moving, looking).await {
                Either::Left((moved, _)) => moved,
                Either::Right((never, _)) => match never {},
            }
        };
        observer.time_stands();
        let moved = moved?;
        self.now = moved.now;
        let succeeded = moved.done - moved.failed.min(moved.done);
        let passed = target - from;
        let runs = match (succeeded, moved.failed) {
            (0, 0) => "nothing falls due".to_owned(),
            (1, 0) => "1 run succeeds".to_owned(),
            (succeeded, 0) => format!("{succeeded} runs succeed"),
            (succeeded, 1) => format!("of {} runs, 1 fails", succeeded + 1),
            (succeeded, failed) => format!("of {} runs, {failed} fail", succeeded + failed),
        };
        telling.tell(format!("time moves by {passed} to {}: {runs}", moved.now));
        if let Some(runs) = step.runs {
            telling.check(Check::equal("runs on the way", runs, moved.done));
        }
        if let Some(failed) = step.failed {
            telling.check(Check::equal("failed runs on the way", failed, moved.failed));
        }
        Ok(())
    }

    /// Tells the observer how far time has come, until nobody wants to know any more.
    async fn look(&self, from: Instant, target: Instant, observer: &dyn Observer) -> Infallible {
        loop {
            pause(LOOK_EVERY).await;
            if let Ok(clock) = self.lab.clock(self.tenant()).await {
                observer.time_moves(from, clock.now, target);
            }
        }
    }
}
