//! Parses the actions of a flow, including nested ones.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::action::{Action, ActionKind, Body, Branch, CallSite, StatusSet};
use super::action_kind::{self, ReadKind};
use super::limits::{self, ACTIONS_MAX, CASES_MAX, NESTING_MAX};
use super::node::{Node, QUOTED_MAX};
use super::order::{self, Precedence};
use super::refusal::{Collected, DefinitionError};
use super::settings::{Settings, StaticResult};
use crate::expression::Template;
use crate::status::ActionStatus;

/// An action whose names are not yet resolved.
pub(super) struct Read<'a> {
    pub(super) node: Node<'a>,
    pub(super) name: String,
    pub(super) kind: ActionKind,
    pub(super) settings: Settings,
    /// The action that contains it, and the branch.
    pub(super) parent: Option<(usize, Branch)>,
    pub(super) after: Vec<(String, StatusSet)>,
}

/// Parses the actions of a definition, and collects all errors.
pub(super) struct Reader<'a> {
    pub(super) parameters: BTreeSet<String>,
    static_results: BTreeMap<String, StaticResult>,
    pub(super) read: Vec<Read<'a>>,
    calls: Vec<CallSite>,
    pub(super) places: HashMap<String, usize>,
    pub(super) errors: Collected,
}

/// The actions, with what refers to the outside.
pub(super) struct Actions {
    pub(super) actions: Vec<Action>,
    pub(super) bodies: Vec<Body>,
    pub(super) calls: Vec<CallSite>,
    pub(super) errors: Collected,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        parameters: BTreeSet<String>,
        static_results: BTreeMap<String, StaticResult>,
        errors: Collected,
    ) -> Self {
        let (read, calls, places) = (Vec::new(), Vec::new(), HashMap::new());
        Self { parameters, static_results, read, calls, places, errors }
    }

    /// Parses a map of actions, including those inside other actions.
    pub(super) fn read(&mut self, actions: &Node<'a>, parent: Option<(usize, Branch)>, depth: usize) {
        let Some(members) = self.errors.keep(actions.members()) else { return };
        if depth > NESTING_MAX && !members.is_empty() {
            let what = format!("actions are nested deeper than {NESTING_MAX}");
            self.errors.push(actions.refuse(&what, "flatten the flow"));
            return;
        }
        for (name, node) in members {
            if self.read.len() >= ACTIONS_MAX {
                let what = format!("there are more than {ACTIONS_MAX} actions");
                self.errors.push(node.refuse(&what, "split the flow"));
                return;
            }
            self.action(name, &node, parent, depth);
        }
    }

    fn action(&mut self, name: String, node: &Node<'a>, parent: Option<(usize, Branch)>, depth: usize) {
        self.errors.keep(limits::name(node, &name));
        self.errors.keep_new(limits::addressable(node, &name));
        let place = self.read.len();
        if self.places.insert(name.clone(), place).is_some() {
            self.errors.push(
                node.refuse("another action has this name", "give every action in the flow its own name"),
            );
        }
        let (kind, settings) = match action_kind::read(node, &self.static_results, &mut self.errors) {
            Some(ReadKind { kind, settings }) => (kind, settings),
            // An action with an error has no expressions to check, but others may refer to it.
            None => (ActionKind::Scope, Settings::default()),
        };
        if let ActionKind::OpenApiConnection(call) = &kind {
            self.calls.push(CallSite {
                action: name.chars().take(QUOTED_MAX).collect(),
                api: call.api.clone(),
                operation: call.operation.clone(),
                path: format!("{}.inputs.host.operationId", node.path()),
            });
        }
        let after = run_after(node, &mut self.errors);
        self.read.push(Read { node: node.clone(), name, kind, settings, parent, after });
        self.nested(node, place, depth + 1);
    }

    /// Parses the actions inside an action: those of its type as written, also if it has errors.
    fn nested(&mut self, node: &Node<'a>, place: usize, depth: usize) {
        let kind = node.optional("type").and_then(|kind| kind.text().ok()).unwrap_or_default();
        let kind = kind.to_ascii_lowercase();
        if !["scope", "foreach", "until", "if", "switch"].contains(&kind.as_str()) {
            return;
        }
        if let Some(actions) = node.optional("actions") {
            self.read(&actions, Some((place, Branch::Condition(true))), depth);
        }
        if kind == "if"
            && let Some(otherwise) = node.optional("else")
        {
            self.branch(&otherwise, &["actions"], (place, Branch::Condition(false)), depth);
        }
        if kind == "switch" {
            let cases = node.optional("cases").map(|cases| self.errors.keep(cases.members()));
            let cases = cases.flatten().unwrap_or_default();
            if cases.len() > CASES_MAX {
                let what = format!("there are more than {CASES_MAX} cases");
                self.errors.push(node.refuse_at(".cases", &what, "use several switches"));
                return;
            }
            for (number, (_, case)) in cases.iter().enumerate() {
                self.branch(case, &["case", "actions"], (place, Branch::Case(number)), depth);
            }
            if let Some(default) = node.optional("default") {
                self.branch(&default, &["actions"], (place, Branch::Case(cases.len())), depth);
            }
        }
    }

    fn branch(&mut self, node: &Node<'a>, known: &[&str], parent: (usize, Branch), depth: usize) {
        self.errors.keep(node.only(known));
        if let Some(actions) = node.optional("actions") {
            self.read(&actions, Some(parent), depth);
        }
    }

    /// Resolves names, checks references, and orders the actions. Without errors, the actions are
    /// complete.
    pub(super) fn finish(mut self) -> Actions {
        let mut run_after = Vec::with_capacity(self.read.len());
        for place in 0..self.read.len() {
            run_after.push(self.resolve(place));
            self.check_names(place);
        }
        self.check_variables();
        let Self { read, calls, mut errors, .. } = self;
        let precedence: Vec<_> = read
            .iter()
            .zip(&run_after)
            .map(|(one, after)| Precedence {
                parent: one.parent.map(|(parent, _)| parent),
                after: after.iter().map(|(before, _)| *before).collect(),
            })
            .collect();
        let (actions, bodies) = match order::of(&precedence) {
            Ok(order) => arrange(read, &run_after, &order),
            Err(place) => {
                errors.push(
                    read[place].node.refuse("the runAfter conditions form a circle", "remove one of them"),
                );
                (Vec::new(), Vec::new())
            }
        };
        Actions { actions, bodies, calls, errors }
    }

    /// Returns the places of the actions that one runs after.
    fn resolve(&mut self, place: usize) -> Vec<(usize, StatusSet)> {
        let one = &self.read[place];
        let mut run_after = Vec::with_capacity(one.after.len());
        for (name, statuses) in &one.after {
            let at = format!(".runAfter.{}", name.chars().take(QUOTED_MAX).collect::<String>());
            let before = self.places.get(name).copied().filter(|p| self.read[*p].parent == one.parent);
            match before {
                None => self.errors.push(one.node.refuse_at(
                    &at,
                    "there is no such action on this level",
                    "name an action of the same level",
                )),
                Some(before) if before == place => {
                    self.errors.push(one.node.refuse_at(
                        &at,
                        "an action cannot wait for itself",
                        "remove it",
                    ));
                }
                Some(before) => run_after.push((before, *statuses)),
            }
        }
        run_after
    }

    /// Checks the names of actions and parameters in expressions.
    fn check_names(&mut self, place: usize) {
        let one = &self.read[place];
        let templates = one.kind.templates();
        let names: BTreeSet<_> = templates.iter().flat_map(|template| template.parameter_names()).collect();
        for name in names.into_iter().filter(|name| !self.parameters.contains(*name)) {
            let quoted: String = name.chars().take(QUOTED_MAX).collect();
            self.errors.push(one.node.refuse(
                &format!("there is no parameter '{quoted}'"),
                "declare it in properties.definition.parameters",
            ));
        }
        let names: BTreeSet<_> = templates.into_iter().flat_map(Template::action_names).collect();
        for name in names {
            if self.places.get(name).is_none_or(|p| *p == place) {
                let quoted: String = name.chars().take(QUOTED_MAX).collect();
                self.errors.push(one.node.refuse(
                    &format!("an expression refers to the action '{quoted}', which is not another action of this flow"),
                    "name an action that runs before; names are case-sensitive and contain _ instead of spaces",
                ));
            }
        }
    }
}

/// Puts the actions in order and divides them into bodies.
fn arrange(
    read: Vec<Read<'_>>,
    run_after: &[Vec<(usize, StatusSet)>],
    order: &[usize],
) -> (Vec<Action>, Vec<Body>) {
    let mut bodies = vec![Body::default()];
    // By original place: the body and slot of each action, and the body of a loop's actions.
    let mut positions = vec![(0, 0); read.len()];
    let mut inner = vec![0; read.len()];
    for (new, old) in order.iter().enumerate() {
        let body = read[*old].parent.map_or(0, |(parent, _)| inner[parent]);
        positions[*old] = (body, bodies[body].members.len());
        bodies[body].members.push(new);
        inner[*old] = body;
        if read[*old].kind.is_loop() {
            inner[*old] = bodies.len();
            bodies.push(Body { of: Some(new), ..Body::default() });
        }
    }
    let mut slots: Vec<Option<Read<'_>>> = read.into_iter().map(Some).collect();
    let mut actions = Vec::with_capacity(order.len());
    for old in order {
        let Some(one) = slots[*old].take() else { continue };
        let (body, slot) = positions[*old];
        let within = one.parent.filter(|(parent, _)| positions[*parent].0 == body);
        actions.push(Action {
            name: one.name,
            body,
            slot,
            within: within.map(|(parent, branch)| (positions[parent].1, branch)),
            run_after: run_after[*old].iter().map(|(before, set)| (positions[*before].1, *set)).collect(),
            kind: one.kind,
            settings: one.settings,
        });
    }
    (actions, bodies)
}

fn run_after(node: &Node<'_>, errors: &mut Collected) -> Vec<(String, StatusSet)> {
    let Some(written) = node.optional("runAfter") else { return Vec::new() };
    if written.value().as_array().is_some_and(Vec::is_empty) {
        return Vec::new();
    }
    let members = errors.keep(written.members()).unwrap_or_default();
    members
        .into_iter()
        .filter_map(|(name, statuses)| Some((name, errors.keep(status_set(&statuses))?)))
        .collect()
}

/// Statuses that the schema of definitions also lists for `runAfter`.
const UNUSED_STATUSES: [&str; 8] =
    ["Aborted", "Cancelled", "Faulted", "Ignored", "Paused", "Running", "Suspended", "Waiting"];

fn status_set(statuses: &Node<'_>) -> Result<StatusSet, DefinitionError> {
    let mut set = StatusSet::default();
    for status in statuses.elements()? {
        let remedy = "use Succeeded, Failed, Skipped or TimedOut";
        let text = status.text()?;
        // An ended action of a run that goes on has none of the others.
        let unused = || UNUSED_STATUSES.iter().any(|name| name.eq_ignore_ascii_case(text));
        let known = ActionStatus::for_run_after(text).or_else(|| unused().then_some(ActionStatus::Cancelled));
        let Some(known) = known else {
            return Err(status.refuse("this is not a status that runAfter can have", remedy));
        };
        set = set.with(known);
    }
    if set == StatusSet::default() {
        return Err(statuses.refuse("no status is given", "write [\"Succeeded\"]"));
    }
    Ok(set)
}
