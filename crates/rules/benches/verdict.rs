//! What a verdict costs: `cargo bench -p outlive-rules`. It is asked at every use of a token and
//! does no I/O; under 2 µs is the aim.

use std::hint::black_box;

use outlive_clock::{Instant, Span};
use outlive_rules::conditional_access::AccessFacts;
use outlive_rules::{
    ClientClass, Event, Presented, Question, RefreshTokenFacts, RequestOrigin, RevocationEvents,
    RotationFacts, Ruleset, SecondFactorFacts, UserFacts, refresh_token, what_if,
};

/// Calls in one round, and rounds.
const CALLS: u32 = 1_000;
const ROUNDS: usize = 101;
const GRANTED: Instant = Instant::from_seconds(1_767_600_000);

fn token(client_class: ClientClass) -> RefreshTokenFacts {
    RefreshTokenFacts {
        client_class,
        password_based: true,
        spa: false,
        family_issued_at: GRANTED,
        issued_at: GRANTED,
        session_signed_out_at: None,
        presented_by_its_client: true,
        origin: RequestOrigin::None,
        second_factor: SecondFactorFacts::default(),
        rotation: RotationFacts::default(),
        conditional_access: AccessFacts::default(),
    }
}

#[expect(clippy::disallowed_methods, reason = "this measures wall time")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

/// Nanoseconds that one call takes: the middle of many rounds, as a busy machine disturbs some of
/// them.
fn nanoseconds<T>(call: impl Fn() -> T) -> u128 {
    let mut rounds: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let started = now();
            for _ in 0..CALLS {
                black_box(call());
            }
            started.elapsed().as_nanos() / u128::from(CALLS)
        })
        .collect();
    rounds.sort_unstable();
    rounds[rounds.len() / 2]
}

#[expect(clippy::print_stdout, reason = "this is what it is for")]
fn main() {
    let mut events = RevocationEvents::none();
    events.record(Event::PasswordChangedByUser, GRANTED + Span::from_hours(1));
    let user = UserFacts::in_good_standing(events);
    let (rules, at) = (Ruleset::default(), GRANTED + Span::from_hours(2));
    for (name, class) in [("accepted", ClientClass::Confidential), ("refused", ClientClass::Public)] {
        let token = token(class);
        let took =
            nanoseconds(|| refresh_token::decide(black_box(&token), black_box(&user), black_box(&rules), at));
        println!("a verdict, {name:<14}{took:>8} ns");
    }
    let question =
        Question { presented: Presented::RefreshToken(token(ClientClass::Public)), user, rules, at };
    println!("what if, refused        {:>8} ns", nanoseconds(|| what_if(black_box(&question))));
}
