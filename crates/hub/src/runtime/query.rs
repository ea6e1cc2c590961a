//! The query of a forwarded call, whose parameters policies and keys replace.

use std::borrow::Cow;

use url::form_urlencoded;

/// The parameters of a query, as received.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query(Vec<String>);

impl Query {
    pub(super) fn new(query: Option<&str>) -> Self {
        let pairs = query.into_iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty());
        Self(pairs.map(str::to_owned).collect())
    }

    /// Returns the first value of a parameter, decoded.
    pub(super) fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.0.iter().find(|pair| is_of(pair, name)).map(|pair| decoded(pair).1)
    }

    /// Removes a parameter, in whatever case and encoding: many back ends treat them alike.
    pub(super) fn remove(&mut self, name: &str) {
        self.0.retain(|pair| !is_of(pair, name));
    }

    /// Removes the parameters with one of these values, which the hub adds to calls.
    pub(super) fn remove_values(&mut self, values: &[Cow<'_, str>]) {
        let is_one = |pair: &String| {
            let (_, given) = decoded(pair);
            values.iter().any(|value| !value.is_empty() && *value == *given)
        };
        self.0.retain(|pair| !is_one(pair));
    }

    /// Adds a parameter with its value.
    pub(super) fn append(&mut self, name: &str, value: &str) {
        self.0.push(format!("{}={}", encoded(name), encoded(value)));
    }

    /// Adds the parameters of an encoded query.
    pub(super) fn append_raw(&mut self, query: &str) {
        self.0.extend(Self::new(Some(query)).0);
    }

    /// Returns the length of the query.
    pub(super) fn len(&self) -> usize {
        (self.0.iter().map(|pair| pair.len() + 1).sum::<usize>()).saturating_sub(1)
    }

    /// Returns the query of a URL, if it has one.
    pub(super) fn text(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.join("&"))
    }
}

fn decoded(pair: &str) -> (Cow<'_, str>, Cow<'_, str>) {
    form_urlencoded::parse(pair.as_bytes()).next().unwrap_or_default()
}

fn is_of(pair: &str, name: &str) -> bool {
    decoded(pair).0.eq_ignore_ascii_case(name)
}

/// Encodes a text for a query or for one segment of a path.
pub(super) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parameters_are_replaced_in_any_spelling_and_the_rest_is_kept() {
        let mut query = Query::new(Some("$top=5&api%5Fkey=theirs&&API_KEY=x&q=a%20b"));
        assert_eq!(query.get("api_key").as_deref(), Some("theirs"));
        query.remove("api_key");
        query.append("api_key", "a b&c=#d");
        assert_eq!(query.text().as_deref(), Some("$top=5&q=a%20b&api_key=a%20b%26c%3D%23d"));
        query.append_raw("x=1&y=%2F");
        assert!(query.text().expect("a query").ends_with("&x=1&y=%2F"));
        assert_eq!(query.len(), query.text().expect("a query").len());
        assert_eq!((Query::new(None).len(), Query::new(Some("a")).len()), (0, 1));
        assert_eq!((Query::new(None).text(), Query::new(Some("")).text()), (None, None));
    }

    proptest! {
        #[test]
        fn a_value_is_never_more_than_one_parameter(name in "[a-z$&=#%]{1,8}", value in any::<String>()) {
            let mut query = Query::default();
            query.append(&name, &value);
            let text = query.text().expect("a query");
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'), "{}", text);
            let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).collect();
            prop_assert_eq!(pairs, vec![(Cow::from(name), Cow::from(value))]);
        }
    }
}
