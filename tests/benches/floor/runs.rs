//! Hourly runs of the seed's flow, and what one of them needs.

use outlive_tests::{System, Work};

use crate::cost::{Each, Meter};
use crate::samples::Samples;
use crate::tenant;

/// What one run needs of one kind, and why.
pub(crate) struct Need {
    pub(crate) count: f64,
    /// The bare cost, by the name of its samples.
    pub(crate) part: &'static str,
    pub(crate) why: &'static str,
}

/// Returns the work of a run that no implementation can leave out whose services communicate by
/// HTTP and whose changes are durable before anyone else can see their effect.
///
/// `refreshes` is the number of refreshes per run, which follows from the lifetime of access
/// tokens: 60 to 90 minutes, so a token usually serves two runs.
pub(crate) fn needs(refreshes: f64) -> [Need; 4] {
    [
        Need {
            count: 4.0 + refreshes,
            part: "exchange of a run",
            why: "lab to flow (time has come), flow to hub, hub to resource, lab to identity provider (when is work due); \
                  for each refresh, hub to identity provider",
        },
        Need {
            count: 2.0f64.mul_add(refreshes, 4.0),
            part: "row of a run",
            why: "flow: the run begins, so that an interrupted one is found, and ends; hub: the call was forwarded; \
                  resource: it was accepted; for each refresh, identity provider: tokens were issued, hub: it has them",
        },
        Need {
            count: 2.0 * refreshes,
            part: "signature",
            why: "for each refresh, an access token and an ID token",
        },
        Need { count: refreshes, part: "verification", why: "of each access token, by the resource" },
    ]
}

/// The floor of a run in a round.
pub(crate) fn floor(samples: &Samples, round: usize, refreshes: f64) -> Each {
    needs(refreshes)
        .iter()
        .fold(Each::default(), |sum, need| sum.plus(samples.of(need.part)[round].times(need.count)))
}

/// The floor of a run in a round, by bare services that do everything it needs, except that none of
/// them verifies a token.
pub(crate) fn floor_of_bare_run(samples: &Samples, round: usize, refreshes: f64) -> Each {
    samples.of("floor of a bare run")[round].plus(samples.of("verification")[round].times(refreshes))
}

/// Advances a new tenant by a number of hours, with a run in each.
///
/// # Panics
/// When a run fails.
pub(crate) async fn measure(system: &System, hours: u64) -> (Each, Work) {
    let tenant = tenant::create(system).await;
    // The first runs fill caches.
    tenant.advance("PT3H").await;
    let before = system.work().await;
    let meter = Meter::start(system.pid());
    let moved = tenant.advance(&format!("PT{hours}H")).await;
    let each = meter.each(hours);
    let work = system.work().await.since(&before);
    let (done, failed) = (moved["done"].as_u64(), moved["failed"].as_u64());
    assert_eq!((done, failed), (Some(hours), Some(0)), "every run succeeds: {moved}");
    tenant.delete().await;
    (each, work)
}
