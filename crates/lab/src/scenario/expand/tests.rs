use super::*;
use crate::diagnostic::Position;
use crate::yaml::tree;

/// The expanded file as text, and the lines of its mistakes with their messages.
fn expanded(text: &str) -> (String, Vec<(u64, String)>) {
    let (file, mistakes) = expand(tree(text).unwrap_or_else(|| panic!("not YAML: {text}")));
    let line = |mistake: Mistake| (mistake.position.line, mistake.message);
    (shown(&file), mistakes.into_iter().map(line).collect())
}

fn shown(node: &Spanned<Node>) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match &node.value {
        Node::List(items) => format!("[{}]", list(items.iter().map(shown).collect())),
        Node::Map(entries) => {
            let entry =
                |(key, value): &(Spanned<String>, Spanned<Node>)| format!("{}: {}", key.value, shown(value));
            format!("{{{}}}", list(entries.iter().map(entry).collect()))
        }
        scalar => scalar.shown().unwrap_or_default(),
    }
}

#[test]
fn what_is_written_once_is_written_out() {
    for (text, expected) in [
        (
            "vars: {a: 1}\nscenarios: [{name: 'S ${var.a}', vars: {b: 'x${var.a}'}, chapters: [{title: T, steps: [{x: '${var.b}', y: '${var.a}', z: '${mark.m}'}]}]}]",
            "{scenarios: [{name: S 1, chapters: [{title: T, steps: [{x: x1, y: 1, z: ${mark.m}}]}]}]}",
        ),
        (
            "tags: [slow]\nsetup: [{a: 1}]\nscenarios: [{name: S, tags: [x], chapters: [{title: T, steps: [{b: 2}]}]}]",
            "{tags: [slow], scenarios: [{name: S, tags: [slow, x], chapters: [{title: Setup, steps: [{a: 1}]}, {title: T, steps: [{b: 2}]}]}]}",
        ),
        (
            "scenarios: [{name: S, examples: [{c: 1, d: x}, {c: 2, d: y}], chapters: [{title: T, steps: [{'k${row.d}': '${row.c}'}]}]}]",
            "{scenarios: [{name: S [c: 1, d: x], chapters: [{title: T, steps: [{kx: 1}]}]}, {name: S [c: 2, d: y], chapters: [{title: T, steps: [{ky: 2}]}]}]}",
        ),
        (
            "scenarios: [{name: S, chapters: [{title: T, steps: [{repeat: 2, steps: [{say: A, x: 'a${round}'}, {examples: [{n: 1}, {n: 2}], y: '${row.n}'}]}, {say: B, repeat: 2, x: 1}]}]}]",
            "{scenarios: [{name: S, chapters: [{title: T, steps: [{say: A, x: a1}, {y: 1}, {y: 2}, {say: A, x: a2}, {y: 1}, {y: 2}, {say: B [1 of 2], x: 1}, {say: B [2 of 2], x: 1}]}]}]}",
        ),
        (
            "scenarios: [{name: S, chapters: [{title: T, steps: [{parallel: [{repeat: 2, x: '${round}'}]}]}]}]",
            "{scenarios: [{name: S, chapters: [{title: T, steps: [{parallel: [{x: 1}, {x: 2}]}]}]}]}",
        ),
    ] {
        assert_eq!(expanded(text), (expected.to_owned(), Vec::new()));
    }
}

#[test]
fn a_value_keeps_its_spelling_and_its_type() {
    let text = "vars: {pin: 0123, list: [a, b]}\nscenarios: [{name: S, x: '${var.pin}', y: '${var.list}', z: 'n${var.pin}'}]";
    let (shown, mistakes) = expanded(text);
    assert_eq!(shown, "{scenarios: [{name: S, x: 0123, y: [a, b], z: n0123}]}");
    assert_eq!(mistakes, []);
}

#[test]
fn every_mistake_has_its_position() {
    let text = "vars:\n  user: owner\n  'no name': x\n  list: [a]\nscenarios:\n  - name: S\n    chapters:\n      - title: T\n        \
                steps:\n          - a: '${var.usr}'\n          - a: 'of ${var.list}'\n          - a: '${row.x}'\n          - a: \
                '${round}'\n          - repeat: 0\n            a: 1\n          - {say: no, steps: [{a: 1}]}\n          - \
                {steps: []}\n          - a: 1\n            examples: [{x: 1},\n              {y: 1}]\n          - {a: 1, \
                examples: []}\n";
    let (_, mistakes) = expanded(text);
    let lines: Vec<u64> = mistakes.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [3, 10, 11, 12, 13, 14, 16, 17, 20, 21], "{mistakes:?}");
    let (_, wrong) = expand(tree(text).unwrap_or_else(|| panic!("it is YAML")));
    assert!(wrong[1].remedy.contains("did you mean user?"), "{wrong:?}");
    assert_eq!(wrong[1].position, Position { line: 10, column: 16 });
}

#[test]
fn an_expansion_has_a_limit() {
    let step = "{repeat: 500, steps: [{repeat: 500, a: 1}]}";
    let (_, mistakes) =
        expanded(&format!("scenarios: [{{name: S, chapters: [{{title: T, steps: [{step}]}}]}}]"));
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    assert!(mistakes[0].1.contains("more than 5000 steps"), "{mistakes:?}");
}
