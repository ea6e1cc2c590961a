//! The verb `advance`.

use std::convert::Infallible;
use std::time::Duration;

use futures::future::Either;
use outlive_chassis::pause;
use outlive_clock::{Instant, Span};
use outlive_wire::counted;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Verb;
use super::verb::lab_refusal;
use crate::conductor::ADVANCE_MAX;
use crate::diagnostic::Position;
use crate::scenario::check::checker::{Checker, RANGE};
use crate::scenario::check::names::Kind;
use crate::scenario::result::Check;
use crate::scenario::run::recorder::{StepRecorder, TimeObserver};
use crate::scenario::run::world::{StepError, World};

/// Moves time: by a duration, to an instant, or to the expiry of an access token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Advance {
    /// The duration.
    by: Option<Spanned<Span>>,
    /// The instant.
    to: Option<Spanned<Instant>>,
    /// The stored tokens to whose access token's expiry time moves.
    to_expiry_of: Option<Spanned<String>>,
    /// The duration before that expiry.
    less: Option<Spanned<Span>>,
    /// The expected number of runs during the advance.
    runs: Option<u64>,
    /// The expected number of failed runs among them.
    failed: Option<u64>,
}

/// How often the progress of time is reported to the observer, in wall time.
const REPORT_EVERY: Duration = Duration::from_millis(100);

impl Verb for Advance {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.known.has_retired_key |= checker.known.will_retire_key;
        let given = [self.by.is_some(), self.to.is_some(), self.to_expiry_of.is_some()];
        if given.into_iter().filter(|given| *given).count() != 1 {
            let message = "time moves to one place: give exactly one of by, to and to_expiry_of";
            checker.wrong(message, "for example advance: {by: PT1H}");
        }
        if let Some(less) = &self.less {
            if self.to_expiry_of.is_none() {
                checker.wrong_at(
                    Position::of(less),
                    "less belongs to to_expiry_of",
                    "remove less, or give to_expiry_of",
                );
            }
            checker.not_negative("less", less);
        }
        checker.must_if(Kind::Tokens, self.to_expiry_of.as_ref());
        if let (Some(runs), Some(failed)) = (self.runs, self.failed)
            && failed > runs
        {
            checker.wrong(
                format!("of {}, {failed} cannot fail", counted(runs, "run")),
                "correct runs, or failed",
            );
        }
        if let Some(by) = &self.by {
            checker.move_by(by);
        }
        if let Some(to) = &self.to {
            checker.move_to(to);
        }
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let from = world.now;
        let target = match (&self.by, &self.to, &self.to_expiry_of) {
            (Some(by), ..) => from + by.value,
            (None, Some(to), _) => to.value,
            (None, None, Some(tokens)) => {
                let less = self.less.as_ref().map_or(Span::ZERO, |less| less.value);
                world.kept(&tokens.value)?.expires() - less
            }
            (None, None, None) => {
                return Err(StepError("an advance needs one of by, to and to_expiry_of".to_owned()));
            }
        };
        let moved = {
            let moving = std::pin::pin!(world.lab.set(world.tenant(), target));
            let reporting = std::pin::pin!(world.report_time(from, target, recorder.observer));
            match futures::future::select(moving, reporting).await {
                Either::Left((moved, _)) => moved,
                Either::Right((never, _)) => match never {},
            }
        };
        recorder.observer.time_stopped();
        let moved = moved.map_err(lab_refusal)?;
        world.now = moved.now;
        let (done, failed) = moved.due_work();
        let succeeded = done.saturating_sub(failed);
        let passed = target - from;
        let runs = match (succeeded, failed) {
            (0, 0) => "nothing was due".to_owned(),
            (succeeded, 0) => format!("{} succeeded", counted(succeeded, "run")),
            (succeeded, failed) => format!("of {}, {failed} failed", counted(succeeded + failed, "run")),
        };
        recorder.note(format!("time moves by {passed} to {}: {runs}", moved.now));
        if let Some(runs) = self.runs {
            recorder.check(Check::equal("runs during the advance", runs, done));
        }
        if let Some(expected) = self.failed {
            recorder.check(Check::equal("failed runs during the advance", expected, failed));
        }
        Ok(())
    }
}

impl Checker<'_> {
    fn move_by(&mut self, by: &Spanned<Span>) {
        if by.value.is_negative() {
            let message = format!("time only moves forward, and {} is negative", by.value);
            return self.wrong_at(Position::of(by), message, "write a duration without a minus sign");
        }
        if by.value > ADVANCE_MAX {
            let message = format!("{} is too long: one advance moves time by at most 100 years", by.value);
            return self.wrong_at(
                Position::of(by),
                message,
                "write at most P36525D; several steps go further",
            );
        }
        let Some(earliest) = self.known.earliest else { return };
        let micros = earliest.as_micros().saturating_add(by.value.as_micros());
        if micros > Instant::MAX.as_micros() {
            self.wrong_at(
                Position::of(by),
                format!("{} is too long: {RANGE}", by.value),
                "write a shorter one",
            );
        }
        self.known.earliest = Some(earliest + by.value);
    }

    fn move_to(&mut self, to: &Spanned<Instant>) {
        match self.known.earliest {
            Some(earliest) if to.value < earliest => {
                let message = format!("time only moves forward, and is {earliest} or later here");
                self.wrong_at(Position::of(to), message, "write a later instant");
            }
            // If time is only known relative to wall time, an instant makes it known from here on.
            _ => self.known.earliest = Some(to.value),
        }
    }

    fn not_negative(&mut self, what: &str, span: &Spanned<Span>) {
        if span.value.is_negative() {
            let message = format!("{what} cannot be negative");
            self.wrong_at(Position::of(span), message, "write a duration without a minus sign");
        }
    }
}

impl World {
    /// Reports the progress of time to the observer until the future is dropped.
    async fn report_time(&self, from: Instant, target: Instant, observer: &dyn TimeObserver) -> Infallible {
        loop {
            pause(REPORT_EVERY).await;
            if let Ok(clock) = self.lab.clock(self.tenant()).await {
                observer.time_moved(from, clock.now, target);
            }
        }
    }
}
