use super::*;

fn formatted(text: &str) -> String {
    let formatted = canonical("file.yaml", text).unwrap_or_else(|mistakes| panic!("{}\n{text}", mistakes[0]));
    assert_eq!(canonical("file.yaml", &formatted), Ok(formatted.clone()), "it is stable");
    formatted
}

#[test]
fn a_layout_becomes_canonical() {
    let long = "a-name-that-is-long-enough-for-two-of-them-not-to-be-on-one-line-of-the-file";
    for (text, expected) in [
        (
            "  scenarios:\n  -   name:   x\n      tags: [a,b ,c ]\n",
            "scenarios:\n  - name: x\n    tags: [a, b, c]\n",
        ),
        ("scenarios: { a : 1,b: {  } ,c: [ ]}", "scenarios: {a: 1, b: {}, c: []}\n"),
        ("scenarios: {\n  a: 1\n}\n", "scenarios: {a: 1}\n"),
        ("\u{feff}scenarios:\r\n- a\r\n", "scenarios:\n  - a\n"),
        ("\n\n# start  \n\n\n\nscenarios: []   \n\n\n\n# end\n\n\n", "# start\n\nscenarios: []\n\n# end\n"),
        (
            "scenarios: ['a', 'say \"x\"', 'a\\b', \"it's\"]\n",
            "scenarios: [\"a\", 'say \"x\"', 'a\\b', \"it's\"]\n",
        ),
        ("scenarios: [yes, \"yes\", 1e3, 0x1f, ~]\n", "scenarios: [yes, \"yes\", 1e3, 0x1f, ~]\n"),
        ("scenarios: |\n    a \n\n      b\n", "scenarios: |\n  a \n\n    b\n"),
        ("? scenarios\n: - a\n  # - b\n", "scenarios:\n  - a\n  # - b\n"),
        (
            "vars: {base: &base {x: 1}, more: {<<: *base, y: 2}}\nscenarios: [*base ]\n",
            "vars: {base: &base {x: 1}, more: {<<: *base, y: 2}}\nscenarios: [*base]\n",
        ),
        (
            &format!("scenarios: [{{name: {long}, about: {long}}}]\n"),
            &format!("scenarios: [\n  {{\n    name: {long},\n    about: {long},\n  }},\n]\n"),
        ),
        ("scenarios: [a, # first\n  b]\n", "scenarios: [\n  a, # first\n  b,\n]\n"),
    ] {
        assert_eq!(formatted(text), expected, "{text}");
    }
}

#[test]
fn members_have_the_order_of_their_types_and_keep_their_comments() {
    for (text, expected) in [
        (
            "# About the file.\n\nscenarios: []\n\n# Values.\nvars: {b: 1, a: 2} # two\ntags: [x]\n",
            "# About the file.\n\ntags: [x]\n\n# Values.\nvars: {b: 1, a: 2} # two\nscenarios: []\n",
        ),
        (
            "scenarios:\n  # The first.\n  - chapters:\n      - steps:\n          - {call: {status: 200, tokens: x}, mark: m, say: a}\n        \
             title: T\n    name: One\n    # says more\n    about: text\n",
            "scenarios:\n  # The first.\n  - name: One\n    # says more\n    about: text\n    chapters:\n      - title: T\n        \
             steps:\n          - {say: a, call: {tokens: x, status: 200}, mark: m}\n",
        ),
        // A comment on the line of the last member.
        (
            "scenarios:\n  - chapters: [] # none\n    name: x # first\n",
            "scenarios:\n  - name: x # first\n    chapters: [] # none\n",
        ),
        (
            "scenarios:\n  - chapters:\n      - steps: []\n        title: t # of the title\n    name: x # of the name\n# end\n",
            "scenarios:\n  - name: x # of the name\n    chapters:\n      - title: t # of the title\n        steps: []\n# end\n",
        ),
        ("scenarios: []\ntags: [] # none\n\n# end\n", "tags: [] # none\nscenarios: []\n\n# end\n"),
        // Names of the file's own, and values of any form.
        (
            "scenarios: []\nvars:\n  tags: 1\n  about: {name: 1, about: 2}\n",
            "vars:\n  tags: 1\n  about: {name: 1, about: 2}\nscenarios: []\n",
        ),
        (
            "scenarios:\n  - overlay: {applications: {My App: {redirect_uris: [{type: web, uri: x}], kind: public}}, users: []}\n",
            "scenarios:\n  - overlay: {users: [], applications: {My App: {kind: public, redirect_uris: [{uri: x, type: web}]}}}\n",
        ),
        // A field that does not exist stays behind the one before it.
        (
            "scenarios:\n  - {first: 1, chapters: [], nmae: x, about: y}\n",
            "scenarios:\n  - {first: 1, about: y, chapters: [], nmae: x}\n",
        ),
        (
            "users:\n  - id: 1\n    role: a\ntenant: {domain: x, id: y}\nseed: x\n",
            "seed: x\ntenant: {id: y, domain: x}\nusers:\n  - role: a\n    id: 1\n",
        ),
        ("scenarios: [{\"about\": x, 'name': y}]\n", "scenarios: [{\"name\": y, \"about\": x}]\n"),
    ] {
        assert_eq!(formatted(text), expected, "{text}");
    }
}

#[test]
fn members_stay_where_a_comment_can_belong_to_others() {
    for text in [
        "# About the scenarios, or the file.\nscenarios: []\ntags: []\n",
        "scenarios:\n  - # of the chapters\n    chapters: []\n    name: x\n",
        "scenarios:\n  - chapters: []\n    # of the name\n    name: x\n",
        "scenarios:\n  - chapters: []\n    name: x\n    # tags: [a]\n",
        "scenarios:\n  - {\n      chapters: [], # none\n      name: x,\n    }\n",
        "scenarios: []\ntags: []\n# vars: {}\n",
        "scenarios: &all []\ntags: *all\n",
    ] {
        assert_eq!(formatted(text), text);
    }
}

#[test]
fn what_cannot_be_formatted_is_refused_with_its_place() {
    let deep = format!("scenarios:\n{:61}a: 1\n", "");
    let nested = format!("scenarios: {}1{}\n", "{a: ".repeat(50), "}".repeat(50));
    let dashes = format!("scenarios:\n{}1\n", "- ".repeat(60));
    let brackets = format!("scenarios: {}\n", "[".repeat(100_000));
    for (text, line, message) in [
        ("scenarios: [\n", 1, "this [ is never closed"),
        ("scenarios:\n\t- a\n", 2, "a tab is not possible here"),
        ("scenarios: []\nscenarios: []\n", 2, "the field `scenarios` is given twice"),
        ("scenarios: []\n---\nscenarios: []\n", 3, "a second YAML document begins here"),
        ("services: {web: {}}\n", 1, "unknown field `services`"),
        ("", 1, "the file is empty"),
        ("users: [\n", 1, "this [ is never closed"),
        ("scenarios: |+\n  a\n\n\n\ntags: []\n", 2, "formatting would change the meaning of this value"),
        (&deep, 2, "this is indented too far"),
        (&nested, 0, "this is nested too deep"),
        (&dashes, 2, "this is indented too far"),
        (&brackets, 1, "the lists and mappings of the file have too many levels"),
    ] {
        let mistakes = canonical("file.yaml", text).expect_err(text);
        let mistake = &mistakes[0];
        assert!(mistake.message.starts_with(message), "{mistake}");
        assert_eq!(mistake.position.line, line, "{mistake}");
    }
}

#[test]
fn a_lost_comment_or_another_value_is_noticed() {
    let tree = |text| tree(text).expect("it is valid");
    for (before, after, place) in [
        ("a: 1\nb: [x, 2]\n", "b: [x, 2]\na: 1\n", None),
        ("a: 1\nb: [x, 2]\n", "a: 1\nb: [x, '2']\n", Some((2, 8))),
        ("a: 0123\n", "a: 123\n", Some((1, 4))),
        ("a: 1.0\n", "a: 1\n", Some((1, 4))),
        ("a: 1\nb: 2\n", "a: 1\nc: 2\n", Some((2, 1))),
        ("a: [1, 2]\n", "a: [2, 1]\n", Some((1, 5))),
        ("a: [1, 2]\n", "a: [1]\n", Some((1, 4))),
    ] {
        let found = meaning::difference(&tree(before), &tree(after));
        assert_eq!(found.map(|at| (at.line, at.column)), place, "{before}");
    }
    for (before, after, place) in [
        ("a: 1 # x\n# y\n", "# y\n# x\na: 1\n", None),
        ("a: 1 # x\n# x\n", "# x\na: 1\n", Some((2, 1))),
        ("a: 1\n", "# x\na: 1\n", Some((0, 0))),
        ("a: '#x' # x\n", "a: '#x'\n", Some((1, 9))),
    ] {
        let found = meaning::lost_comment(before, after);
        assert_eq!(found.map(|at| (at.line, at.column)), place, "{before}");
    }
}

#[test]
fn the_order_covers_both_kinds_of_files() {
    for (kind, names, order) in [
        (FileKind::Scenarios, ["scenarios", "tags", "setup"], [1, 2, 0]),
        (FileKind::Seed, ["flows", "seed", "users"], [1, 2, 0]),
    ] {
        assert_eq!(members::Shape::of(kind).order_of(&names), order);
    }
}
