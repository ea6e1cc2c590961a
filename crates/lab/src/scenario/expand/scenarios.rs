//! The parts of a file that all its scenarios share, and the tables of scenarios.

use serde_saphyr::Spanned;

use super::Expansion;
use super::fill::{Binding, Scope};
use crate::yaml::Node;

/// The title of the chapter with the steps of `setup`.
const SETUP: &str = "Setup";

impl Expansion {
    pub(super) fn file(&mut self, file: &mut Spanned<Node>) {
        let mut scope = Scope::default();
        self.take_vars(&mut file.value, &mut scope);
        for shared in ["tags", "scenarios"] {
            file.value.get_mut(shared).into_iter().for_each(|value| self.resolve(value, &scope));
        }
        let tags = file.value.get("tags").cloned();
        let mut setup = file.value.take("setup");
        setup.iter_mut().for_each(|setup| self.resolve(setup, &scope));
        let Node::Map(entries) = &mut file.value else { return };
        let Some((_, scenarios)) = entries.iter_mut().find(|(key, _)| key.value == "scenarios") else {
            return;
        };
        let Node::List(written) = &mut scenarios.value else { return };
        let mut expanded = Vec::new();
        for scenario in std::mem::take(written) {
            self.scenario(scenario, &scope, tags.as_ref(), setup.as_ref(), &mut expanded);
        }
        *written = expanded;
    }

    fn scenario(
        &mut self,
        mut scenario: Spanned<Node>,
        of_file: &Scope,
        tags: Option<&Spanned<Node>>,
        setup: Option<&Spanned<Node>>,
        expanded: &mut Vec<Spanned<Node>>,
    ) {
        let mut scope = of_file.clone();
        self.resolve(&mut scenario, &scope);
        scenario.value.get_mut("vars").into_iter().for_each(|vars| self.resolve(vars, &scope));
        self.take_vars(&mut scenario.value, &mut scope);
        add_tags(&mut scenario, tags);
        add_setup(&mut scenario, setup);
        let rows = self.take_rows(&mut scenario.value, &scope);
        let Some(rows) = rows else {
            self.scenario_steps(&mut scenario, &scope);
            return expanded.push(scenario);
        };
        for row in rows {
            if !self.fits(&scenario) || !self.may_copy(&scenario, &scenario.value) {
                return;
            }
            let mut copy = scenario.clone();
            add_to_text(&mut copy.value, "name", "${row.", &row_text(&row));
            let scope = Scope { row: Some(row), ..scope.clone() };
            self.scenario_steps(&mut copy, &scope);
            expanded.push(copy);
        }
    }

    fn scenario_steps(&mut self, scenario: &mut Spanned<Node>, scope: &Scope) {
        let Node::Map(entries) = &mut scenario.value else { return };
        for (key, value) in entries {
            if key.value == "chapters" {
                self.resolve(value, scope);
            }
            match (key.value.as_str(), &mut value.value) {
                ("chapters", Node::List(chapters)) => {
                    for chapter in chapters {
                        self.chapter(chapter, scope);
                    }
                }
                // The values of the fact are replaced before.
                ("twins", _) => {}
                _ => self.fill(value, scope),
            }
        }
    }

    fn chapter(&mut self, chapter: &mut Spanned<Node>, scope: &Scope) {
        self.resolve(chapter, scope);
        let Node::Map(entries) = &mut chapter.value else { return };
        for (key, value) in entries {
            if key.value == "steps" {
                self.resolve(value, scope);
            }
            match (key.value.as_str(), &mut value.value) {
                ("steps", Node::List(steps)) => *steps = self.steps(std::mem::take(steps), scope),
                _ => self.fill(value, scope),
            }
        }
    }

    /// Takes the variables of a file or scenario. Their values can contain variables that are
    /// defined before them.
    fn take_vars(&mut self, node: &mut Node, scope: &mut Scope) {
        if !matches!(node.get("vars").map(|vars| &vars.value), Some(Node::Map(_))) {
            return;
        }
        let Some(Spanned { value: Node::Map(vars), .. }) = node.take("vars") else { return };
        let names: Vec<String> = vars.iter().map(|(name, _)| name.value.clone()).collect();
        for (index, (name, mut value)) in vars.into_iter().enumerate() {
            self.name(&name, "variable");
            scope.defining = Some(name.value.clone());
            scope.later_vars = names[index..].to_vec();
            self.fill(&mut value, scope);
            scope.vars.push((name.value, value));
        }
        scope.defining = None;
        scope.later_vars.clear();
    }

    /// Takes the table of a scenario or step; `None` if it has none, or one that is no list of
    /// mappings, which the reader of the file reports.
    pub(super) fn take_rows(&mut self, node: &mut Node, scope: &Scope) -> Option<Vec<Vec<Binding>>> {
        let examples = node.get_mut("examples")?;
        self.resolve(examples, scope);
        if let Node::List(rows) = &mut examples.value {
            rows.iter_mut().for_each(|row| self.resolve(row, scope));
        }
        let Node::List(rows) = &node.get("examples")?.value else { return None };
        if !rows.iter().all(|row| matches!(row.value, Node::Map(_))) {
            return None;
        }
        let examples = node.take("examples")?;
        if matches!(&examples.value, Node::List(rows) if rows.is_empty()) {
            self.wrong(&examples, "the table has no row", "add a row, or remove examples");
        }
        let Node::List(rows) = examples.value else { return None };
        let first = rows.first().map(|row| columns(&row.value)).unwrap_or_default();
        let mut read = Vec::new();
        for mut row in rows {
            if columns(&row.value) != first {
                let message = "this row has other columns than the first one";
                self.wrong(&row, message, format!("give every row the columns {}", first.join(", ")));
            }
            self.fill(&mut row, scope);
            let Node::Map(cells) = row.value else { continue };
            for (name, _) in &cells {
                self.name(name, "column");
            }
            let outer = scope.row.iter().flatten().cloned();
            read.push(outer.chain(cells.into_iter().map(|(name, value)| (name.value, value))).collect());
        }
        Some(read)
    }

    fn name(&mut self, name: &Spanned<String>, what: &str) {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.value.is_empty() || !name.value.chars().all(is_plain) {
            let message = format!("'{}' is not a valid name of a {what}", name.value);
            self.wrong(name, message, "use letters, digits, - and _");
        }
    }
}

fn columns(row: &Node) -> Vec<String> {
    let Node::Map(cells) = row else { return Vec::new() };
    let mut names: Vec<String> = cells.iter().map(|(name, _)| name.value.clone()).collect();
    names.sort();
    names
}

/// A row in words: `app: Orders SPA, status: 400`.
pub(super) fn row_text(row: &[Binding]) -> String {
    let cell = |(name, value): &Binding| Some(format!("{name}: {}", value.value.shown()?));
    row.iter().filter_map(cell).collect::<Vec<_>>().join(", ")
}

/// Adds what distinguishes a copy to its name or title, unless that contains a placeholder for it.
pub(super) fn add_to_text(node: &mut Node, key: &str, placeholder: &str, what: &str) {
    let Node::Map(entries) = node else { return };
    let Some((_, text)) = entries.iter_mut().find(|(name, _)| name.value == key) else { return };
    if let Some(shown) = text.value.shown()
        && !shown.contains(placeholder)
        && !what.is_empty()
    {
        text.value = Node::text(format!("{shown} [{what}]"));
    }
}

fn add_tags(scenario: &mut Spanned<Node>, tags: Option<&Spanned<Node>>) {
    let Some(tags) = tags else { return };
    let Node::List(of_file) = &tags.value else { return };
    let Node::Map(entries) = &mut scenario.value else { return };
    match entries.iter_mut().find(|(key, _)| key.value == "tags") {
        Some((_, Spanned { value: Node::List(own), .. })) => own.splice(0..0, of_file.clone()).for_each(drop),
        Some(_) => {}
        None => {
            let key = Spanned::new("tags".to_owned(), tags.referenced, tags.defined);
            entries.push((key, tags.clone()));
        }
    }
}

/// Makes the steps of `setup`, if there are any, the first chapter of a scenario, unless it has no
/// chapter, which is a mistake.
fn add_setup(scenario: &mut Spanned<Node>, setup: Option<&Spanned<Node>>) {
    let Some(setup) = setup else { return };
    let Node::Map(entries) = &mut scenario.value else { return };
    let chapters = entries.iter_mut().find(|(key, _)| key.value == "chapters");
    let Some((_, Spanned { value: Node::List(chapters), .. })) = chapters else { return };
    if chapters.is_empty() || matches!(&setup.value, Node::List(steps) if steps.is_empty()) {
        return;
    }
    let spanned = |node| Spanned::new(node, setup.referenced, setup.defined);
    let key = |name: &str| Spanned::new(name.to_owned(), setup.referenced, setup.defined);
    let chapter = vec![(key("title"), spanned(Node::text(SETUP))), (key("steps"), setup.clone())];
    chapters.insert(0, spanned(Node::Map(chapter)));
}
