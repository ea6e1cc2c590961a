//! Lists: `$top`, `$filter`, `$skiptoken` and `nextLink`.

use serde_json::{Value, json};

use super::filter::Filter;
use crate::arm::{ArmRefusal, ControlCall, NAME_CHARS_MAX, ResourceName};

/// The maximum number of resources in a response.
const PAGE_MAX: usize = 100;
/// The maximum number of rows that are read at once.
const ROWS_MAX: usize = 100;
/// The maximum length of a `$skiptoken`: two resource names.
const TOKEN_CHARS_MAX: usize = 200;

/// A page of a list of resources, which is ordered by group and name.
#[derive(Debug)]
pub(super) struct Page {
    top: usize,
    filter: Option<(String, Filter)>,
    /// The lower-case group and name after which the next rows begin.
    pub(super) after: (String, String),
    value: Vec<Value>,
    last: Option<(String, String)>,
    more: bool,
}

/// A resource of a list, with its group and name.
pub(super) struct Listed<'a>(pub(super) &'a str, pub(super) &'a str, pub(super) Value);

impl Page {
    /// The number of rows to read next: those that the page has room for, and one to know whether
    /// there are more. A filter can leave out any number of them.
    pub(super) fn rows(&self) -> i64 {
        let rows = if self.filter.is_some() { ROWS_MAX } else { self.top - self.value.len() + 1 };
        i64::try_from(rows.min(ROWS_MAX)).unwrap_or(i64::MAX)
    }

    /// Reads the options of a list. Options that a list does not have are errors.
    pub(super) fn of(call: &ControlCall) -> Result<Self, ArmRefusal> {
        let known = ["api-version", "$top", "$filter", "$skiptoken"];
        if let Some(name) =
            call.query.keys().find(|name| name.starts_with('$') && !known.contains(&name.as_str()))
        {
            let name: String = name.chars().take(NAME_CHARS_MAX).collect();
            return Err(ArmRefusal::invalid(format!(
                "The query option '{name}' is not supported; use $filter, $top and $skiptoken."
            )));
        }
        let top = match call.query.get("$top") {
            None => PAGE_MAX,
            Some(text) => {
                text.parse().ok().filter(|top| (1..=PAGE_MAX).contains(top)).ok_or_else(|| {
                    ArmRefusal::invalid(format!("$top must be a number from 1 to {PAGE_MAX}."))
                })?
            }
        };
        let filter = match call.query.get("$filter") {
            None => None,
            Some(text) => {
                let filter = Filter::parse(text)
                    .map_err(|why| ArmRefusal::invalid(format!("$filter is not valid: {why}.")))?;
                Some((text.clone(), filter))
            }
        };
        let after = match call.query.get("$skiptoken") {
            None => (String::new(), String::new()),
            Some(text) => text
                .split_once('/')
                .filter(|_| text.len() <= TOKEN_CHARS_MAX)
                .map(|(group, name)| (group.to_owned(), name.to_owned()))
                .ok_or_else(|| ArmRefusal::invalid("$skiptoken is not one of a nextLink."))?,
        };
        Ok(Self { top, filter, after, value: Vec::new(), last: None, more: false })
    }

    /// Adds the resources of the rows that were read. Returns whether more are needed.
    pub(super) fn add_all(&mut self, read: Vec<Listed<'_>>) -> bool {
        let is_end = i64::try_from(read.len()).unwrap_or(i64::MAX) < self.rows();
        read.into_iter().all(|Listed(group, name, resource)| self.add(group, name, resource)) && !is_end
    }

    /// Adds a resource, if the filter matches it. Returns whether more rows are needed.
    fn add(&mut self, group: &str, name: &str, resource: Value) -> bool {
        self.after = (group.to_ascii_lowercase(), name.to_ascii_lowercase());
        if self.filter.as_ref().is_none_or(|(_, filter)| filter.matches(&resource)) {
            if self.value.len() == self.top {
                self.more = true;
                return false;
            }
            self.value.push(resource);
            self.last = Some(self.after.clone());
        }
        true
    }

    /// Returns the response: a page of this collection of a resource group, or of the subscription.
    /// `hub` is the hub's public origin.
    pub(super) fn response(
        self,
        hub: &str,
        call: &ControlCall,
        group: Option<&ResourceName>,
        collection: &str,
    ) -> Value {
        let of_group = group.map(|group| format!("/resourceGroups/{group}")).unwrap_or_default();
        let url =
            format!("{hub}/subscriptions/{}{of_group}/providers/Microsoft.Web/{collection}", call.tenant);
        let mut page = json!({ "value": self.value });
        if let (true, Some((group, name))) = (self.more, self.last) {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            if let Some((text, _)) = &self.filter {
                query.append_pair("$filter", text);
            }
            query.append_pair("$skiptoken", &format!("{group}/{name}"));
            page["nextLink"] =
                json!(format!("{url}?api-version={}&$top={}&{}", call.api_version, self.top, query.finish()));
        }
        page
    }
}
