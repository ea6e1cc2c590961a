//! `$top`, `$skiptoken`, `$filter` and the link to the next page.

use outlive_chassis::Problem;

use super::caller::Caller;
use super::links;

const TOP_DEFAULT: u32 = 50;
const TOP_MAX: u32 = 250;

/// The maximum length of a filter, in characters.
const FILTER_CHARACTERS_MAX: usize = 200;

/// The requested page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) top: u32,
    pub(super) token: Option<String>,
    pub(super) filter: Option<String>,
}

impl Page {
    pub(super) fn of_query(query: Option<&str>) -> Result<Self, Problem> {
        let mut page = Self { top: TOP_DEFAULT, token: None, filter: None };
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match name.to_ascii_lowercase().as_str() {
                "$top" => {
                    let top = value.parse().ok().filter(|top| (1..=TOP_MAX).contains(top));
                    page.top = top.ok_or_else(|| {
                        Problem::bad_request(format!("$top must be a number from 1 to {TOP_MAX}."))
                    })?;
                }
                "$skiptoken" => page.token = Some(value.into_owned()),
                "$filter" if value.chars().nth(FILTER_CHARACTERS_MAX).is_some() => {
                    return Err(Problem::bad_request(format!(
                        "$filter must have at most {FILTER_CHARACTERS_MAX} characters."
                    )));
                }
                "$filter" => page.filter = Some(value.into_owned()),
                _ => {}
            }
        }
        Ok(page)
    }

    /// Returns the link to the page after `token`.
    pub(super) fn next_link(&self, caller: &Caller, path: &str, token: &str) -> String {
        let top = self.top.to_string();
        let mut query = vec![("$top", top.as_str())];
        query.extend(self.filter.as_deref().map(|filter| ("$filter", filter)));
        query.push(("$skiptoken", token));
        links::absolute(caller, path, &query)
    }
}

/// The error for an invalid skip token.
pub(super) fn bad_token() -> Problem {
    Problem::bad_request("$skiptoken is not valid; use nextLink.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_parsed_within_limits() {
        let page = |query: &str| Page::of_query(Some(query)).map_err(|problem| problem.message);
        assert_eq!(page("api-version=x").map(|page| page.top), Ok(50));
        assert_eq!(
            page("%24top=7&$skiptoken=12").map(|page| (page.top, page.token)),
            Ok((7, Some("12".to_owned())))
        );
        // A truncated value would name another page or filter, so a long one is rejected.
        let long = |name: &str, length: usize| format!("{name}={}", "1".repeat(length));
        assert_eq!(
            page(&long("$skiptoken", 500)).map(|page| page.token.map(|text| text.len())),
            Ok(Some(500))
        );
        assert_eq!(page(&long("$filter", 200)).map(|page| page.filter.map(|text| text.len())), Ok(Some(200)));
        assert_eq!(page(&long("$filter", 201)), Err("$filter must have at most 200 characters.".to_owned()));
        for bad in ["$top=0", "$top=251", "$top=all", "$top=-1"] {
            assert!(page(bad).is_err(), "{bad}");
        }
    }
}
