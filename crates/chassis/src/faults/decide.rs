//! Decides whether a request meets a fault, and which. Pure: the number of a request and the seed
//! of a fault determine the result, so that the same seed yields the same hits.

use outlive_clock::{Instant, Randomness};
use outlive_wire::faults::{FaultSpec, FaultState};

use super::connection::NamedConnection;
use super::endpoint::{Endpoint, is_of_endpoint};

/// What a fault knows of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) path: &'a str,
    /// The client id, if the request names a client.
    pub(crate) client: Option<&'a str>,
    /// The connection that the request is about, if it is about one.
    pub(crate) connection: Option<&'a NamedConnection>,
    pub(crate) at: Instant,
    /// The endpoints that the service names.
    pub(crate) endpoints: &'a [Endpoint],
}

/// How often a fault was concerned and met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) requests: u64,
    pub(crate) hits: u64,
}

/// A fault, as it is decided on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) spec: &'a FaultSpec,
    pub(crate) seed: u64,
    pub(crate) counts: Counts,
}

/// The faults whose requests are counted, by index, and the one that the request meets: the last of
/// them, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) counted: Vec<usize>,
    pub(crate) hit: Option<usize>,
}

/// Whether a fault can be met at an instant.
pub(crate) fn state(spec: &FaultSpec, hits: u64, at: Instant) -> FaultState {
    let is_spent = spec.count.is_some_and(|count| hits >= u64::from(count));
    if is_spent || spec.until.is_some_and(|until| at >= until) {
        FaultState::Ended
    } else if spec.from.is_some_and(|from| at < from) {
        FaultState::Scheduled
    } else {
        FaultState::Active
    }
}

/// Whether a fault is about this request, by place, caller and time.
pub(crate) fn concerns(spec: &FaultSpec, asked: Asked<'_>) -> bool {
    let same_client =
        |wanted: &String| asked.client.is_some_and(|client| client.eq_ignore_ascii_case(wanted));
    let same_connection = |wanted: &String| asked.connection.is_some_and(|connection| connection.is(wanted));
    state(spec, 0, asked.at) == FaultState::Active
        && spec.endpoint.as_ref().is_none_or(|endpoint| is_of_endpoint(endpoint, asked.path, asked.endpoints))
        && spec.client.as_ref().is_none_or(same_client)
        && spec.connection.as_ref().is_none_or(same_connection)
}

/// Decides about a request. Faults are asked in the order in which they were added; the first that
/// is met ends the search.
pub(crate) fn decide(faults: &[Candidate<'_>], asked: Asked<'_>) -> Decision {
    let mut decision = Decision::default();
    for (index, fault) in faults.iter().enumerate() {
        let Candidate { spec, seed, counts } = *fault;
        if !concerns(spec, asked) || state(spec, counts.hits, asked.at) != FaultState::Active {
            continue;
        }
        decision.counted.push(index);
        if is_drawn(seed, counts.requests, spec.probability) {
            decision.hit = Some(index);
            break;
        }
    }
    decision
}

/// Whether the request with this number, counted from 0, meets a fault with this probability.
fn is_drawn(seed: u64, number: u64, probability: Option<f64>) -> bool {
    const RANGE: i64 = 1 << 52;
    let Some(probability) = probability.filter(|probability| *probability < 1.0) else { return true };
    let drawn = Randomness::from_seed(seed).of(number).stream("fault").between(0, RANGE - 1);
    #[expect(clippy::cast_precision_loss, reason = "52 bits are exact")]
    let drawn = drawn as f64 / RANGE as f64;
    drawn < probability
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const ENDPOINTS: &[Endpoint] = &[("token", &["/*/token"])];
    const TEN: Instant = Instant::from_seconds(1_767_607_200);

    fn spec(more: &Value) -> FaultSpec {
        let mut spec = json!({"service": "idp", "do": {"status": 503}});
        let fields = spec.as_object_mut().expect("an object");
        fields.extend(more.as_object().expect("an object").clone());
        serde_json::from_value(spec).expect("a fault")
    }

    fn hit(spec: &FaultSpec, hits: u64, path: &str, client: Option<&str>) -> bool {
        let counts = Counts { requests: hits, hits };
        let connection = NamedConnection {
            id: Some("c0470500-0000-4000-8000-000000000007".to_owned()),
            name: Some("C7".to_owned()),
        };
        let connection = path.starts_with("/apim/").then_some(&connection);
        let asked = Asked { path, client, connection, at: TEN, endpoints: ENDPOINTS };
        decide(&[Candidate { spec, seed: 1, counts }], asked).hit.is_some()
    }

    #[test]
    fn place_caller_time_and_count_decide() {
        for (fault, hits, path, client, expected) in [
            (json!({}), 0, "/any", None, true),
            (json!({"endpoint": "token"}), 0, "/t/token", None, true),
            (json!({"endpoint": "token"}), 0, "/t/keys", None, false),
            (json!({"endpoint": "/t/*"}), 0, "/t/keys", None, true),
            (json!({"client": "A1"}), 0, "/t/token", Some("a1"), true),
            (json!({"client": "A1"}), 0, "/t/token", Some("a2"), false),
            (json!({"client": "A1"}), 0, "/t/token", None, false),
            (json!({"connection": "c7"}), 0, "/apim/orders/7", None, true),
            (json!({"connection": "c0470500000040008000000000000007"}), 0, "/apim/orders/7", None, true),
            (json!({"connection": "c8"}), 0, "/apim/orders/c8", None, false),
            (json!({"connection": "c7"}), 0, "/list/c7", None, false),
            (json!({"count": 2}), 1, "/t/token", None, true),
            (json!({"count": 2}), 2, "/t/token", None, false),
            (json!({"from": "2026-01-05T10:00:00Z"}), 0, "/", None, true),
            (json!({"from": "2026-01-05T10:00:01Z"}), 0, "/", None, false),
            (json!({"until": "2026-01-05T10:00:01Z"}), 0, "/", None, true),
            (json!({"until": "2026-01-05T10:00:00Z"}), 0, "/", None, false),
        ] {
            assert_eq!(hit(&spec(&fault), hits, path, client), expected, "{fault} {path} {client:?}");
        }
    }

    #[test]
    fn the_first_fault_that_is_met_decides_and_those_before_it_count() {
        let (never, first, second) =
            (spec(&json!({"endpoint": "token"})), spec(&json!({"probability": 1e-300})), spec(&json!({})));
        let faults = [&never, &first, &second, &second].map(|spec| Candidate {
            spec,
            seed: 7,
            counts: Counts::default(),
        });
        let asked = Asked { path: "/", client: None, connection: None, at: TEN, endpoints: ENDPOINTS };
        assert_eq!(decide(&faults, asked), Decision { counted: vec![1, 2], hit: Some(2) });
    }

    proptest! {
        #[test]
        fn the_same_seed_yields_the_same_hits(seed: u64, number in 0..10_000_u64, probability in 0.0..1.0_f64) {
            prop_assert_eq!(is_drawn(seed, number, Some(probability)), is_drawn(seed, number, Some(probability)));
            prop_assert!(is_drawn(seed, number, None) && is_drawn(seed, number, Some(1.0)));
            prop_assert!(!is_drawn(seed, number, Some(0.0)));
            // A higher probability only adds hits.
            prop_assert!(!is_drawn(seed, number, Some(probability)) || is_drawn(seed, number, Some(probability.midpoint(1.0))));
        }

    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn hits_are_as_frequent_as_their_probability(seed: u64, percent in 5..=95_u32) {
            let probability = f64::from(percent) / 100.0;
            let hits = (0..1_000).filter(|number| is_drawn(seed, *number, Some(probability))).count();
            let expected = percent as usize * 10;
            prop_assert!(hits.abs_diff(expected) < 90, "{hits} of {expected}");
        }
    }
}
