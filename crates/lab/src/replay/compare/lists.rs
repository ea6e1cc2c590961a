//! Lists. Values are compared as sets, objects in pairs: by what names them, else by position.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use outlive_wire::grouped;
use serde_json::Value;

use super::text::{is_exact, shown};
use super::{Comparison, Severity, count, kind_of};
use crate::replay::endpoint::Endpoint;

/// What names the objects of a list.
#[derive(Clone, Copy)]
struct Key {
    member: &'static str,
    /// Whether objects with different names can still be the same one.
    has_free_values: bool,
}

/// The most values of a list that are shown.
const SHOWN_MAX: usize = 20;

/// Returns what is shown of equal values.
fn with_count((shown, count): (String, usize)) -> String {
    if count == 1 { shown } else { format!("{} × {shown}", grouped(count as u64)) }
}

impl Comparison<'_> {
    pub(super) fn list(&mut self, path: &str, name: &str, recorded: &[Value], outlive: &[Value]) {
        let is_text = |values: &[Value]| values.iter().all(|value| value.is_string() || value.is_number());
        if is_text(recorded) && is_text(outlive) {
            self.texts(path, name, recorded, outlive);
        } else {
            self.objects(path, name, recorded, outlive);
        }
    }

    fn texts(&mut self, path: &str, name: &str, recorded: &[Value], outlive: &[Value]) {
        if let (Some(recorded), Some(outlive)) = (recorded.first(), outlive.first())
            && recorded.is_string() != outlive.is_string()
        {
            self.add(&format!("{path}[]"), kind_of(recorded), kind_of(outlive), Severity::Shape);
        }
        let (recorded, outlive) = (texts(recorded), texts(outlive));
        if name == "aliases" {
            let recorded: Vec<_> = recorded.iter().map(|host| self.names.recorded_host(host)).collect();
            let outlive: Vec<_> = outlive.iter().map(|host| self.names.outlive_host(host)).collect();
            self.sets(path, &recorded, &outlive);
        } else if self.is_document() || name == "error_codes" || is_exact(name) {
            self.sets(path, &recorded, &outlive);
        } else if recorded.is_empty() != outlive.is_empty() {
            self.add(path, count(recorded.len()), count(outlive.len()), Severity::Shape);
        }
    }

    /// Compares values regardless of their order.
    pub(super) fn sets(&mut self, path: &str, recorded: &[String], outlive: &[String]) {
        let recorded: BTreeSet<String> = recorded.iter().map(|text| self.names.mask_recorded(text)).collect();
        let outlive: BTreeSet<String> = outlive.iter().map(|text| self.names.mask_outlive(text)).collect();
        let list = |values: Vec<&String>| {
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            values.into_iter().for_each(|value| *counts.entry(shown(value)).or_default() += 1);
            let more = counts.len().saturating_sub(SHOWN_MAX);
            let mut texts: Vec<String> = counts.into_iter().take(SHOWN_MAX).map(with_count).collect();
            if more > 0 {
                texts.push(format!("{more} more"));
            }
            if texts.is_empty() { "nothing more".to_owned() } else { texts.join(", ") }
        };
        if recorded != outlive {
            let only_recorded = list(recorded.difference(&outlive).collect());
            let only_outlive = list(outlive.difference(&recorded).collect());
            self.add(path, only_recorded, only_outlive, Severity::Different);
        }
    }

    /// Compares objects in pairs. Those without a partner are counted.
    fn objects(&mut self, path: &str, name: &str, recorded: &[Value], outlive: &[Value]) {
        let key = self.key_of(name);
        let mut pairs = self.pairs_by_key(key, recorded, outlive);
        let paired: HashSet<usize> = pairs.iter().map(|(known, _)| *known).collect();
        let taken: HashSet<usize> = pairs.iter().map(|(_, own)| *own).collect();
        if key.is_none_or(|key| key.has_free_values) {
            let known = (0..recorded.len()).filter(|at| !paired.contains(at));
            let own = (0..outlive.len()).filter(|at| !taken.contains(at));
            pairs.extend(known.zip(own));
        }
        pairs.sort_unstable();
        for (known, own) in &pairs {
            self.json(&format!("{path}[{known}]"), name, &recorded[*known], &outlive[*own]);
        }
        if recorded.len() != outlive.len() || pairs.len() != recorded.len() {
            self.add(path, items(recorded.len()), items(outlive.len()), Severity::Different);
        }
    }

    fn pairs_by_key(&self, key: Option<Key>, recorded: &[Value], outlive: &[Value]) -> Vec<(usize, usize)> {
        let Some(Key { member, .. }) = key else { return Vec::new() };
        let mut by_key: HashMap<String, VecDeque<usize>> = HashMap::new();
        for (at, value) in outlive.iter().enumerate() {
            if let Some(text) = value[member].as_str() {
                let name = self.names.outlive_host(&self.names.mask_outlive(text));
                by_key.entry(name).or_default().push_back(at);
            }
        }
        let own_of = |value: &Value| {
            let text = value[member].as_str()?;
            let masked = || self.names.recorded_host(&self.names.mask_recorded(text));
            let name = self.names.issued(text).map_or_else(masked, str::to_owned);
            by_key.get_mut(&name)?.pop_front()
        };
        let own: Vec<Option<usize>> = recorded.iter().map(own_of).collect();
        own.into_iter().enumerate().filter_map(|(known, own)| Some((known, own?))).collect()
    }

    fn key_of(&self, name: &str) -> Option<Key> {
        match (self.endpoint, name) {
            // Each tenant has other keys and other objects.
            (Endpoint::Keys, "keys") => Some(Key { member: "kid", has_free_values: true }),
            (Endpoint::Me | Endpoint::UserInfo, _) => Some(Key { member: "id", has_free_values: true }),
            (Endpoint::InstanceDiscovery, "metadata") => {
                Some(Key { member: "preferred_network", has_free_values: false })
            }
            _ => None,
        }
    }
}

fn texts(values: &[Value]) -> Vec<String> {
    values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect()
}

fn items(length: usize) -> String {
    match length {
        0 => "an empty list".to_owned(),
        1 => "1 item".to_owned(),
        more => format!("{more} items"),
    }
}
