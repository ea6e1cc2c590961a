use super::*;
use crate::seed::Seed;

fn contoso() -> Seed {
    Seed::contoso().unwrap_or_else(|wrong| panic!("{wrong:?}"))
}

fn read(text: String) -> Result<ReadScenarios, Vec<Diagnostic>> {
    parse("s.yaml".to_owned(), text, KnownSeeds::only(&[contoso()]))
}

fn shown(mistakes: &[Diagnostic]) -> String {
    mistakes.iter().map(|mistake| format!("{mistake}\n")).collect()
}

fn mistake_in(steps: &str) -> Diagnostic {
    let text = format!("scenarios:\n  - name: S\n    chapters:\n      - title: C\n        steps:\n{steps}");
    let mut mistakes = read(text).expect_err("the file is wrong");
    assert_eq!(mistakes.len(), 1, "{}", shown(&mistakes));
    mistakes.remove(0)
}

#[test]
fn every_mistake_has_a_position_and_a_remedy() {
    let desktop = "sign_in: {user: owner, app: Orders Desktop, scope: openid";
    for (steps, place, message) in [
        ("          - say: nothing\n", (6, 13), "has no verb"),
        (
            "          - stop_flow: {flow: x}\n            advance: {by: PT1H}\n",
            (6, 13),
            "more than one verb",
        ),
        ("          - sing_in: {}\n", (6, 13), "unknown field `sing_in`"),
        (
            "          - sign_in: {user: unknown, app: Orders Desktop, scope: openid}\n",
            (6, 29),
            "no user 'unknown'",
        ),
        (
            "          - sign_in: {user: owner, app: Nothing, scope: openid}\n",
            (6, 41),
            "no application 'Nothing'",
        ),
        ("          - register_passkey: {user: unknown}\n", (6, 38), "no user 'unknown'"),
        ("          - refresh: {tokens: kept}\n", (6, 31), "no tokens 'kept'"),
        ("          - stop_flow: {flow: f}\n", (6, 31), "no flow 'f'"),
        ("          - advance: {by: soon}\n", (6, 27), "'soon' is not a duration"),
        ("          - advance: {}\n", (6, 13), "exactly one of by, to and to_expiry_of"),
        (&format!("          - {desktop}, refused: {{text_has: ['${{mark.x}}']}}}}\n"), (6, 13), "'mark.x'"),
        (
            "          - create_connection: {name: c, connector: shared_x, owner: owner}\n",
            (6, 53),
            "no connector 'shared_x'",
        ),
    ] {
        let diagnostic = mistake_in(steps);
        let Position { line, column } = diagnostic.position;
        assert_eq!((line, column), place, "{diagnostic}");
        assert!(diagnostic.message.contains(message), "{diagnostic}");
        assert!(diagnostic.to_string().contains("remedy: "), "{diagnostic}");
    }
}

#[test]
fn the_variant_is_checked_as_well() {
    let file = |other: &str| {
        format!(
            "scenarios:\n  - name: S\n    twins: {{fact: app, values: [Orders Desktop, {other}]}}\n    chapters:\n      \
             - title: C\n        steps:\n          - sign_in: {{user: owner, app: \"${{twin.app}}\", scope: openid}}\n"
        )
    };
    let twins = read(file("Orders SPA")).unwrap_or_else(|wrong| panic!("{}", shown(&wrong)));
    assert!(twins.text.contains("app: \"Orders Desktop\""), "{}", twins.text);
    assert!(twins.twin.is_some_and(|twin| twin.text.contains("app: \"Orders SPA\"")));
    let wrong = read(file("Nothing")).expect_err("the variant has no such application").remove(0);
    assert_eq!((wrong.position.line, wrong.message.contains("'Nothing'")), (7, true), "{wrong}");
}

#[test]
fn names_of_earlier_steps_are_defined() {
    let text = "scenarios:\n  - name: S\n    chapters:\n      - title: C\n        steps:\n\
        \x20         - sign_in: {user: owner, app: Orders Desktop, scope: openid offline_access, keep: a}\n\
        \x20           mark: signed-in\n\
        \x20         - refresh: {tokens: a, refused: {text_has: ['${mark.signed-in}', '${issued.a}']}}\n";
    let read = read(text.to_owned());
    assert!(read.is_ok(), "{}", shown(&read.err().unwrap_or_default()));
}

#[test]
fn all_mistakes_of_a_file_are_reported_at_once() {
    let text = include_str!("../check/mistakes.yaml");
    let mistakes = read(text.to_owned()).expect_err("every step of the file is wrong");
    let lines: String = mistakes
        .iter()
        .map(|m| format!("{}:{}: {}\n", m.position.line, m.position.column, m.message))
        .collect();
    insta::assert_snapshot!(lines);
    // Each line of the file that says so is wrong, and no other.
    let marked: Vec<u64> =
        (1..).zip(text.lines()).filter(|(_, line)| line.ends_with("# wrong")).map(|(n, _)| n).collect();
    let mut found: Vec<u64> = mistakes.iter().map(|mistake| mistake.position.line).collect();
    found.dedup();
    assert_eq!(found, marked);
}

#[test]
fn a_file_with_nothing_to_run_is_a_mistake() {
    for (text, place) in [
        ("scenarios: []", (1, 12)),
        ("scenarios:\n  - {name: S, chapters: []}", (2, 25)),
        ("scenarios:\n  - {name: S, chapters: [{title: C, steps: []}]}", (2, 44)),
    ] {
        let mistake = read(text.to_owned()).expect_err(text).remove(0);
        assert!(mistake.message.contains("nothing to run"), "{mistake}");
        assert_eq!((mistake.position.line, mistake.position.column), place, "{mistake}");
    }
    assert!(read(String::new()).is_err());
}

#[test]
fn what_is_shared_and_repeated_is_checked_once_with_its_position() {
    let text = "setup:\n  - change_password: {user: bob}\nscenarios:\n  - {name: A, chapters: [{title: C, steps: \
                [{change_password: {user: owner}, repeat: 3}]}]}\n  - {name: B, chapters: [{title: C, steps: \
                [{change_password: {user: colleage}, repeat: 3}]}]}\n";
    let mistakes = read(text.to_owned()).expect_err("two names are wrong");
    let places: Vec<u64> = mistakes.iter().map(|mistake| mistake.position.line).collect();
    assert_eq!(places, [2, 5], "{}", shown(&mistakes));
    assert!(mistakes[1].remedy.contains("did you mean colleague?"), "{}", mistakes[1]);
}

#[test]
fn the_shipped_example_of_every_element_is_valid() {
    let text = include_str!("../../../../../scenarios/structure.yaml");
    let read = read(text.to_owned()).unwrap_or_else(|wrong| panic!("{}", shown(&wrong)));
    let scenarios = &read.file.scenarios.value;
    let names: Vec<&str> = scenarios.iter().map(|scenario| scenario.name.value.as_str()).collect();
    assert!(
        names.contains(
            &"A table runs a scenario once per row [app: Orders SPA, lifetime: PT24H, code: 700084]"
        ),
        "{names:?}"
    );
    let of_first: Vec<&str> = scenarios[0].tags.iter().map(|tag| tag.value.as_str()).collect();
    assert_eq!(of_first, ["language", "quick"]);
    let call = &scenarios[0].chapters.value[1].steps.value[0];
    assert_eq!(read.position_of(call), Position { line: 20, column: 13 });
}
