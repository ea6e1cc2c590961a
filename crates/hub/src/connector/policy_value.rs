//! Values of policies: texts with expressions such as `@connectionParameters('x', 'default')`.

use std::borrow::Cow;

/// The maximum length of a policy's value, in characters.
const VALUE_CHARS_MAX: usize = 4_096;
/// The maximum number of expressions in a policy's value.
const EXPRESSIONS_MAX: usize = 50;
/// The maximum number of members after `body()`, and of those that a policy names otherwise.
pub(super) const MEMBERS_MAX: usize = 32;

/// A text with expressions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PolicyValue {
    /// As written.
    source: String,
    parts: Vec<Part>,
}

/// A part of a policy's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Literal(String),
    Expression { source: Source, default: Option<String> },
}

/// What an expression reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// `connectionParameters('name')`
    ConnectionParameter(String),
    /// `headers('name')`: a header of the request to the back end, or of its response.
    Header(String),
    /// `queryParameters('name')`
    Query(String),
    /// `body()`, with the members after it.
    Body(Vec<String>),
    /// `Request.OriginalHTTPMethod`
    Method,
}

/// A value that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BadValue {
    /// It is malformed; the text is the reason.
    Malformed(String),
    /// It calls a function that the hub does not know.
    Unknown(String),
}

/// A value cannot be computed for a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Uncomputable {
    /// It has this source, which is missing, and no default.
    Missing(Source),
    /// It has more bytes than are allowed.
    TooLong(usize),
}

impl std::fmt::Display for Uncomputable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(source) => write!(f, "needs {source}, which is missing"),
            Self::TooLong(max) => write!(f, "gives more than {max} bytes"),
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ConnectionParameter(name) => write!(f, "the connection parameter '{name}'"),
            Self::Header(name) => write!(f, "the header '{name}'"),
            Self::Query(name) => write!(f, "the query parameter '{name}'"),
            Self::Body(members) => write!(f, "the member '{}' of the body", members.join(".")),
            Self::Method => f.write_str("the method"),
        }
    }
}

impl PolicyValue {
    pub(crate) fn parse(text: &str) -> Result<Self, BadValue> {
        if text.chars().count() > VALUE_CHARS_MAX {
            return Err(BadValue::Malformed(format!("it has more than {VALUE_CHARS_MAX} characters")));
        }
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('@') {
            literal.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            if let Some(escaped) = after.strip_prefix('@') {
                literal.push('@');
                rest = escaped;
                continue;
            }
            // `{@body().x}` and `@{body().x}` are the same.
            let before = literal.ends_with('{') && after.contains('}');
            let (inner, braces) = match after.strip_prefix('{') {
                Some(inner) => (inner, true),
                None => (after, false),
            };
            let Some((source, default, end)) = expression(inner)? else {
                literal.push('@');
                rest = after;
                continue;
            };
            rest = end;
            if braces || before && rest.starts_with('}') {
                rest = rest
                    .strip_prefix('}')
                    .ok_or_else(|| BadValue::Malformed("a '}' is missing".to_owned()))?;
                if !braces {
                    literal.pop();
                }
            }
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(Part::Expression { source, default });
            let expressions = parts.iter().filter(|part| matches!(part, Part::Expression { .. })).count();
            if expressions > EXPRESSIONS_MAX {
                return Err(BadValue::Malformed(format!("it has more than {EXPRESSIONS_MAX} expressions")));
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self { source: text.to_owned(), parts })
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether callers choose the host of the URL that this value is: what they give is followed by
    /// less than the two last labels of the host.
    pub(super) fn lets_callers_choose_host(&self) -> bool {
        const CALLER: char = '\u{0}';
        const OWNER: char = '\u{1}';
        let mut url = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => url.push_str(literal),
                Part::Expression { source: Source::ConnectionParameter(_), .. } => url.push(OWNER),
                Part::Expression { .. } => url.push(CALLER),
            }
        }
        let (scheme, rest) = url.split_once("://").unwrap_or(("", &url));
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let fixed = host.rsplit_once(CALLER).map(|(_, after)| after.split(':').next().unwrap_or_default());
        let is_domain = |fixed: &str| {
            fixed.strip_prefix('.').is_some_and(|domain| {
                // What the owner gives may be empty, or a public suffix.
                let labels = domain.split('.');
                labels.filter(|label| !label.is_empty() && !label.contains(OWNER)).count() > 1
            })
        };
        scheme.contains(CALLER) || fixed.is_some_and(|fixed| !is_domain(fixed))
    }

    /// The value as written.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Computes the value, of at most `bytes_max` bytes. `read` returns what an expression reads.
    pub(crate) fn evaluate<'a>(
        &self,
        bytes_max: usize,
        read: impl Fn(&Source) -> Option<Cow<'a, str>>,
    ) -> Result<String, Uncomputable> {
        let mut text = String::new();
        for part in &self.parts {
            let value = match part {
                Part::Literal(literal) => Cow::from(literal),
                Part::Expression { source, default } => read(source)
                    .or_else(|| default.as_ref().map(Cow::from))
                    .ok_or_else(|| Uncomputable::Missing(source.clone()))?,
            };
            if text.len() + value.len() > bytes_max {
                return Err(Uncomputable::TooLong(bytes_max));
            }
            text.push_str(&value);
        }
        Ok(text)
    }

    /// Whether the value contains something that `is` is true of.
    pub(crate) fn reads(&self, is: impl Fn(&Source) -> bool) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Expression { source, .. } if is(source)))
    }

    /// Returns the only expression, if the value is nothing else.
    pub(crate) fn single(&self) -> Option<&Source> {
        match self.parts.as_slice() {
            [Part::Expression { source, .. }] => Some(source),
            _ => None,
        }
    }
}

type Expression<'a> = (Source, Option<String>, &'a str);

/// Reads an expression after its `@`, and returns what follows it. `None` if it is not an
/// expression.
fn expression(text: &str) -> Result<Option<Expression<'_>>, BadValue> {
    let name_end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, after) = text.split_at(name_end);
    if name.eq_ignore_ascii_case("request")
        && let Some(rest) = strip_ignoring_case(after, ".OriginalHTTPMethod")
    {
        return Ok(Some((Source::Method, None, rest)));
    }
    let Some(after) = after.strip_prefix('(').filter(|_| !name.is_empty()) else { return Ok(None) };
    let (arguments, rest) = arguments(after)?;
    let mut arguments = arguments.into_iter();
    let (first, default) = (arguments.next(), arguments.next());
    if arguments.next().is_some() {
        return Err(BadValue::Malformed(format!("{name}() has more than two arguments")));
    }
    let required = |first: Option<String>| {
        first
            .filter(|name| !name.is_empty())
            .ok_or_else(|| BadValue::Malformed(format!("{name}() needs the name of what it reads")))
    };
    let source = match name.to_ascii_lowercase().as_str() {
        "connectionparameters" => Source::ConnectionParameter(required(first)?),
        "headers" => Source::Header(required(first)?),
        "queryparameters" => Source::Query(required(first)?),
        "body" if first.is_none() => {
            let (members, rest) = members(rest)?;
            return Ok(Some((Source::Body(members), None, rest)));
        }
        _ => return Err(BadValue::Unknown(name.to_owned())),
    };
    Ok(Some((source, default, rest)))
}

fn strip_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Reads quoted arguments up to the closing parenthesis. A quote is doubled inside.
fn arguments(text: &str) -> Result<(Vec<String>, &str), BadValue> {
    let malformed = || BadValue::Malformed("an argument is not quoted, or a ')' is missing".to_owned());
    let mut arguments = Vec::new();
    let mut rest = text.trim_start();
    if let Some(end) = rest.strip_prefix(')') {
        return Ok((arguments, end));
    }
    loop {
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"')).ok_or_else(malformed)?;
        let mut argument = String::new();
        rest = &rest[1..];
        loop {
            let end = rest.find(quote).ok_or_else(malformed)?;
            argument.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            match rest.strip_prefix(quote) {
                Some(after) => {
                    argument.push(quote);
                    rest = after;
                }
                None => break,
            }
        }
        arguments.push(argument);
        rest = rest.trim_start();
        if let Some(end) = rest.strip_prefix(')') {
            return Ok((arguments, end));
        }
        rest = rest.strip_prefix(',').ok_or_else(malformed)?.trim_start();
    }
}

/// Reads the members after `body()`: `.a.b[0]['c']`.
fn members(text: &str) -> Result<(Vec<String>, &str), BadValue> {
    let mut members = Vec::new();
    let mut rest = text;
    loop {
        if members.len() > MEMBERS_MAX {
            return Err(BadValue::Malformed(format!("it names more than {MEMBERS_MAX} members of the body")));
        }
        if let Some(after) = rest.strip_prefix('.') {
            let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$');
            let end = after.find(|c| !fits(c)).unwrap_or(after.len());
            if end == 0 {
                return Ok((members, rest));
            }
            members.push(after[..end].to_owned());
            rest = &after[end..];
        } else if let Some(after) = rest.strip_prefix('[') {
            let end = after.find(']').ok_or_else(|| BadValue::Malformed("a ']' is missing".to_owned()))?;
            members.push(after[..end].trim_matches(['\'', '"']).to_owned());
            rest = &after[end + 1..];
        } else {
            return Ok((members, rest));
        }
    }
}

#[cfg(test)]
mod tests;
