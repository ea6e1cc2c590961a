//! Which values the run history and the journal hide: those that a setting names, those of secure
//! parameters, and whatever is computed from them.
//!
//! What an expression reads is what its text refers to: one that names a hidden value is hidden,
//! whatever it does with the value, and one whose reference is computed counts as if it named
//! everything. Sent values are not followed: the outputs of a call are those of a service, and are
//! hidden only if a setting says so.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::action::{Action, ActionKind, Body};
use super::parameters::Output;
use super::settings::Hidden;
use super::trigger::Trigger;
use super::variable::VariableChange;
use crate::expression::{Named, Template};

/// Completes what is hidden of a trigger, of the actions, and of the outputs of the flow.
pub(super) fn apply(
    trigger: &mut Trigger,
    actions: &mut [Action],
    bodies: &[Body],
    outputs: &mut [Output],
    secure_parameters: &BTreeSet<String>,
) {
    let is_any_hidden = !secure_parameters.is_empty()
        || !trigger.hidden.nothing()
        || actions.iter().any(|action| !action.settings.hidden.nothing());
    if !is_any_hidden {
        return;
    }
    let (hidden_trigger, hidden_actions, hidden_outputs) = {
        let flow = Flow { trigger, actions, bodies, outputs, secure_parameters };
        let spread = Spread::over(&flow);
        (spread.trigger, spread.actions, spread.outputs)
    };
    trigger.hidden = hidden_trigger;
    for (action, hidden) in actions.iter_mut().zip(hidden_actions) {
        action.settings.hidden = hidden;
    }
    for (output, hidden) in outputs.iter_mut().zip(hidden_outputs) {
        output.hidden = hidden;
    }
}

/// What an expression can read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Source {
    /// The outputs of the trigger, and all else that is known of it.
    Trigger,
    /// The outputs of the action at a place.
    Outputs(usize),
    /// Everything that is recorded of an action.
    Action(usize),
    /// The items of a `Foreach`.
    Items(usize),
    /// A variable, by lower-case name.
    Variable(String),
    /// Something that is known only when the expression is evaluated.
    Any,
}

/// What is hidden with a source that it reads.
#[derive(Clone, Copy)]
enum Reader {
    Inputs(usize),
    Outputs(usize),
    Error(usize),
    Tracked(usize),
    TrackingId,
    TriggerError,
    Output(usize),
}

/// The parts of a definition in which references are resolved.
struct Flow<'a> {
    trigger: &'a Trigger,
    actions: &'a [Action],
    bodies: &'a [Body],
    outputs: &'a [Output],
    secure_parameters: &'a BTreeSet<String>,
}

/// What is hidden, as far as it was followed.
struct Spread<'a> {
    flow: &'a Flow<'a>,
    places: HashMap<&'a str, usize>,
    /// The places of all actions inside each.
    inside: Vec<Vec<usize>>,
    trigger: Hidden,
    actions: Vec<Hidden>,
    outputs: Vec<bool>,
    readers: HashMap<Source, Vec<Reader>>,
    hidden: HashSet<Source>,
    queue: Vec<Source>,
}

impl<'a> Spread<'a> {
    fn over(flow: &'a Flow<'a>) -> Self {
        let places = flow.actions.iter().enumerate().map(|(place, action)| (action.name.as_str(), place));
        let mut inside = vec![Vec::new(); flow.actions.len()];
        for place in 0..flow.actions.len() {
            flow.ancestors(place).for_each(|ancestor| inside[ancestor].push(place));
        }
        let mut spread = Self {
            flow,
            places: places.collect(),
            inside,
            trigger: flow.trigger.hidden,
            actions: flow.actions.iter().map(|action| action.settings.hidden).collect(),
            outputs: flow.outputs.iter().map(|output| output.hidden).collect(),
            readers: HashMap::new(),
            hidden: HashSet::new(),
            queue: Vec::new(),
        };
        spread.follow_trigger();
        for place in 0..flow.actions.len() {
            spread.follow_action(place);
        }
        for (place, output) in flow.outputs.iter().enumerate() {
            spread.follow(&[&output.value], Reader::Output(place), None);
        }
        while let Some(source) = spread.queue.pop() {
            for reader in spread.readers.remove(&source).unwrap_or_default() {
                spread.hide(reader);
            }
        }
        spread
    }

    fn follow_trigger(&mut self) {
        let trigger = self.flow.trigger;
        let tracking_id: Vec<_> = trigger.tracking_id.iter().collect();
        self.follow(&tracking_id, Reader::TrackingId, None);
        self.follow(&trigger.templates(), Reader::TriggerError, None);
        if trigger.hidden.outputs {
            self.mark(Source::Trigger);
        }
        if trigger.hidden.inputs || trigger.hidden.outputs {
            self.hide(Reader::TriggerError);
        }
    }

    fn follow_action(&mut self, place: usize) {
        let Action { kind, settings, .. } = &self.flow.actions[place];
        let credentials = match kind {
            ActionKind::Http(call) => call.credential_templates(),
            _ => Vec::new(),
        };
        let is_credential = |template: &Template| credentials.iter().any(|one| std::ptr::eq(*one, template));
        let (credentials, shown): (Vec<_>, Vec<_>) =
            kind.templates().into_iter().partition(|template| is_credential(template));
        self.follow(&shown, Reader::Inputs(place), Some(place));
        // A secure parameter is where a credential belongs: it is not recorded, but an error can
        // contain it. Secured outputs hide all inputs in any case, as documented.
        if self.reads_secure_parameter(&credentials) {
            self.hide(Reader::Error(place));
        }
        for source in self.sources(&credentials, Some(place)) {
            self.readers.entry(source).or_default().push(Reader::Inputs(place));
        }
        let tracked: Vec<_> = settings.tracked.iter().collect();
        self.follow(&tracked, Reader::Tracked(place), Some(place));
        // Its outputs contain the sum.
        if let ActionKind::ChangeVariable {
            change: VariableChange::Increment | VariableChange::Decrement,
            name,
            ..
        } = kind
        {
            let source = Source::Variable(name.to_lowercase());
            self.readers.entry(source).or_default().push(Reader::Outputs(place));
        }
        if settings.hidden.inputs {
            self.hide(Reader::Inputs(place));
        }
        if settings.hidden.outputs {
            self.hide(Reader::Outputs(place));
        }
    }

    /// Hides `reader` if the templates read something that is hidden, now or later.
    fn follow(&mut self, templates: &[&Template], reader: Reader, at: Option<usize>) {
        if self.reads_secure_parameter(templates) {
            self.hide(reader);
        }
        for source in self.sources(templates, at) {
            self.readers.entry(source).or_default().push(reader);
        }
    }

    fn hide(&mut self, reader: Reader) {
        match reader {
            Reader::Inputs(place) => {
                self.actions[place].inputs = true;
                self.hide(Reader::Error(place));
                self.mark(Source::Items(place));
                if passes_on(&self.flow.actions[place].kind) {
                    self.hide(Reader::Outputs(place));
                }
            }
            Reader::Outputs(place) => {
                self.actions[place].outputs = true;
                self.hide(Reader::Error(place));
                self.mark(Source::Outputs(place));
                for name in variables_of(&self.flow.actions[place].kind) {
                    self.mark(Source::Variable(name));
                }
            }
            Reader::Error(place) => {
                self.actions[place].error = true;
                self.mark(Source::Action(place));
            }
            Reader::Tracked(place) => {
                self.actions[place].tracked = true;
                self.mark(Source::Action(place));
            }
            // What is recorded of the trigger and of each action contains it.
            Reader::TrackingId => {
                self.trigger.tracked = true;
                self.mark(Source::Trigger);
                for place in 0..self.actions.len() {
                    self.mark(Source::Action(place));
                }
            }
            Reader::TriggerError => self.trigger.error = true,
            Reader::Output(place) => self.outputs[place] = true,
        }
    }

    fn mark(&mut self, source: Source) {
        if self.hidden.insert(source.clone()) {
            self.queue.push(source);
            self.mark(Source::Any);
        }
    }

    fn reads_secure_parameter(&self, templates: &[&Template]) -> bool {
        let secure = self.flow.secure_parameters;
        let references = templates.iter().flat_map(|template| template.references());
        references.filter(|reference| reference.function == "parameters").any(|reference| {
            match reference.name {
                Named::Literally(name) => secure.contains(name),
                Named::ByExpression | Named::Nothing => !secure.is_empty(),
            }
        })
    }

    /// Returns what templates read; `at` is the place of their action.
    fn sources(&self, templates: &[&Template], at: Option<usize>) -> HashSet<Source> {
        let references = templates.iter().flat_map(|template| template.references());
        let mut sources = HashSet::new();
        for reference in references.collect::<HashSet<_>>() {
            let name = match reference.name {
                Named::Literally(name) => Some(name),
                _ => None,
            };
            let place = name.and_then(|name| self.places.get(name).copied());
            // A name that no action has is an error when it is evaluated.
            let named = |source: fn(usize) -> Source| match name {
                Some(_) => place.map(source),
                None => Some(Source::Any),
            };
            match reference.function {
                "trigger"
                | "triggerBody"
                | "triggerOutputs"
                | "triggerFormDataMultiValues"
                | "triggerFormDataValue"
                | "triggerMultipartBody" => {
                    sources.insert(Source::Trigger);
                }
                "body"
                | "outputs"
                | "actionBody"
                | "actionOutputs"
                | "formDataMultiValues"
                | "formDataValue"
                | "multipartBody" => sources.extend(named(Source::Outputs)),
                "actions" => sources.extend(named(Source::Action)),
                "action" => sources.extend(at.map(Source::Action)),
                "items" => sources.extend(named(Source::Items)),
                "item" => {
                    sources.extend(at.into_iter().flat_map(|at| self.flow.ancestors(at)).map(Source::Items))
                }
                "result" => match (name, place) {
                    (None, _) => sources.extend([Source::Any]),
                    (_, Some(scope)) => {
                        sources.extend(self.inside[scope].iter().copied().map(Source::Action))
                    }
                    (_, None) => {}
                },
                "variables" => {
                    sources.extend([name.map_or(Source::Any, |name| Source::Variable(name.to_lowercase()))])
                }
                _ => {}
            }
        }
        sources
    }
}

impl Flow<'_> {
    /// Returns the action that contains the one at a place.
    fn parent(&self, place: usize) -> Option<usize> {
        let action = &self.actions[place];
        let body = &self.bodies[action.body];
        action.within.map_or(body.of, |(slot, _)| body.members.get(slot).copied())
    }

    fn ancestors(&self, place: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.parent(place), |place| self.parent(*place))
    }
}

/// Returns the variables that an action sets, by lower-case name.
fn variables_of(kind: &ActionKind) -> Vec<String> {
    match kind {
        ActionKind::InitializeVariable(list) => list.iter().map(|one| one.name.to_lowercase()).collect(),
        ActionKind::ChangeVariable { name, .. } => vec![name.to_lowercase()],
        _ => Vec::new(),
    }
}

/// Whether the outputs of an action are made of its inputs.
const fn passes_on(kind: &ActionKind) -> bool {
    !matches!(
        kind,
        ActionKind::OpenApiConnection(_)
            | ActionKind::ApiConnection(_)
            | ActionKind::Http(_)
            | ActionKind::Webhook(_)
            | ActionKind::Unavailable { .. }
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::definition::Definition;
    use crate::expression::readers_of_runs;

    /// Those that return nothing that a maker can secure, or nothing in the inputs of an action.
    const HARMLESS: [&str; 6] =
        ["action", "appSetting", "guid", "iterationIndexes", "listCallbackUrl", "workflow"];

    #[test]
    fn every_function_that_reads_the_run_is_followed() {
        let secured = json!({"secureData": {"properties": ["outputs"]}});
        for (function, arguments) in readers_of_runs() {
            let arguments = ["concat('', 'X')", "'key'"].into_iter().take(arguments).collect::<Vec<_>>();
            let call = format!("@{function}({})", arguments.join(", "));
            let used = json!({"Use": {"type": "Compose", "inputs": [{ "a": call }]}});
            let definition = json!({
                "parameters": {"p": {"type": "SecureString", "defaultValue": "s"}},
                "triggers": {"manual": {"type": "Request", "runtimeConfiguration": secured}},
                "actions": {
                    "X": {"type": "Compose", "inputs": "s", "runtimeConfiguration": secured},
                    "Each": {"type": "Foreach", "foreach": "@outputs('X')", "runAfter": {"X": ["Succeeded"]}, "actions": used},
                },
            });
            let read = Definition::read(&definition, &Value::Null).expect(function);
            let hidden = read.actions[read.place("Use").expect("there")].settings.hidden;
            let is_harmless = HARMLESS.contains(&function);
            assert_eq!(hidden.inputs && hidden.outputs && hidden.error, !is_harmless, "{function}");
        }
    }
}
