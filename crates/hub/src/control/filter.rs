//! `$filter`: comparisons of a resource's members with texts, joined by `and` and `or`.

use serde_json::Value;

use crate::arm::NAME_CHARS_MAX;

/// The maximum length of a filter.
const CHARS_MAX: usize = 2_000;
/// The maximum depth of parentheses.
const DEPTH_MAX: usize = 20;
/// Short names of members, as designers write them.
const NAMES: [(&str, &str); 3] =
    [("Location", "location"), ("Kind", "kind"), ("ManagedApiName", "properties/api/name")];
/// The members that can be compared.
const MEMBERS: [&str; 9] = [
    "id",
    "name",
    "kind",
    "location",
    "properties/displayName",
    "properties/overallStatus",
    "properties/connectionState",
    "properties/api/name",
    "properties/api/id",
];

/// A parsed filter.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Filter {
    Compare { member: String, equal: bool, text: String },
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
}

impl Filter {
    /// Parses a filter.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > CHARS_MAX {
            return Err(format!("it has more than {CHARS_MAX} characters"));
        }
        let mut tokens = Tokens { rest: text, depth: 0 };
        let filter = tokens.any()?;
        match tokens.next()? {
            None => Ok(filter),
            Some(token) => Err(format!("{token} is not expected there")),
        }
    }

    /// Whether a resource matches. Texts are compared without case, as everywhere in ARM.
    pub(super) fn matches(&self, resource: &Value) -> bool {
        match self {
            Self::Compare { member, equal, text } => {
                let value = resource.pointer(&format!("/{member}")).and_then(Value::as_str);
                value.is_some_and(|value| value.eq_ignore_ascii_case(text)) == *equal
            }
            Self::And(left, right) => left.matches(resource) && right.matches(resource),
            Self::Or(left, right) => left.matches(resource) || right.matches(resource),
            Self::Not(inner) => !inner.matches(resource),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Token<'a> {
    Open,
    Close,
    Word(&'a str),
    Text(String),
}

impl std::fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open => f.write_str("'('"),
            Self::Close => f.write_str("')'"),
            Self::Word(word) => write!(f, "'{}'", word.chars().take(NAME_CHARS_MAX).collect::<String>()),
            Self::Text(_) => f.write_str("a text"),
        }
    }
}

struct Tokens<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Tokens<'a> {
    fn next(&mut self) -> Result<Option<Token<'a>>, String> {
        self.rest = self.rest.trim_start();
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        match first {
            '(' | ')' => {
                self.rest = &self.rest[1..];
                Ok(Some(if first == '(' { Token::Open } else { Token::Close }))
            }
            '\'' => self.text().map(Some),
            _ => {
                let end = self.rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '\''));
                let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
                self.rest = rest;
                Ok(Some(Token::Word(word)))
            }
        }
    }

    /// Reads a text in quotes, in which two quotes stand for one.
    fn text(&mut self) -> Result<Token<'a>, String> {
        let mut text = String::new();
        let mut rest = &self.rest[1..];
        loop {
            let (part, after) = rest.split_once('\'').ok_or("a text has no closing quote")?;
            text.push_str(part);
            match after.strip_prefix('\'') {
                Some(more) => {
                    text.push('\'');
                    rest = more;
                }
                None => {
                    self.rest = after;
                    return Ok(Token::Text(text));
                }
            }
        }
    }

    /// Takes the word, if it is next.
    fn take(&mut self, word: &str) -> Result<bool, String> {
        let before = self.rest;
        let found = matches!(self.next()?, Some(Token::Word(next)) if next.eq_ignore_ascii_case(word));
        if !found {
            self.rest = before;
        }
        Ok(found)
    }

    fn any(&mut self) -> Result<Filter, String> {
        let mut filter = self.all()?;
        while self.take("or")? {
            filter = Filter::Or(Box::new(filter), Box::new(self.all()?));
        }
        Ok(filter)
    }

    fn all(&mut self) -> Result<Filter, String> {
        let mut filter = self.one()?;
        while self.take("and")? {
            filter = Filter::And(Box::new(filter), Box::new(self.one()?));
        }
        Ok(filter)
    }

    fn one(&mut self) -> Result<Filter, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("it is nested more than {DEPTH_MAX} times"));
        }
        let filter = if self.take("not")? {
            Filter::Not(Box::new(self.one()?))
        } else {
            match self.next()? {
                Some(Token::Open) => {
                    let inner = self.any()?;
                    if self.next()? != Some(Token::Close) {
                        return Err("a parenthesis is not closed".to_owned());
                    }
                    inner
                }
                Some(Token::Word(member)) => self.comparison(member)?,
                Some(token) => return Err(format!("{token} is not expected there")),
                None => return Err("it ends too early".to_owned()),
            }
        };
        self.depth -= 1;
        Ok(filter)
    }

    fn comparison(&mut self, given: &str) -> Result<Filter, String> {
        let long = NAMES.iter().find(|(short, _)| short.eq_ignore_ascii_case(given)).map(|(_, long)| *long);
        let member = MEMBERS
            .iter()
            .find(|member| member.eq_ignore_ascii_case(long.unwrap_or(given)))
            .ok_or_else(|| format!("{} is not a member that can be compared", Token::Word(given)))?;
        let equal = if self.take("eq")? {
            true
        } else if self.take("ne")? {
            false
        } else {
            return Err("a member is followed by eq or ne".to_owned());
        };
        match self.next()? {
            Some(Token::Text(text)) => Ok(Filter::Compare { member: (*member).to_owned(), equal, text }),
            _ => Err("a member is compared with a text in single quotes".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn filters_select_resources() {
        let resource = json!({
            "name": "Orders", "location": "unitedstates", "kind": "V2",
            "properties": {"displayName": "It's mine", "overallStatus": "Error", "api": {"name": "shared_orders"}},
        });
        for (text, expected) in [
            ("name eq 'orders'", true),
            ("name ne 'orders'", false),
            ("Location eq 'unitedStates' and ManagedApiName eq 'shared_orders'", true),
            ("Kind eq 'V1' or (Kind eq 'V2' and properties/overallStatus eq 'Connected')", false),
            ("kind eq 'V1' and name eq 'x' or name eq 'orders'", true),
            ("properties/displayName eq 'It''s mine'", true),
            ("not (name eq 'orders')", false),
            ("NOT name EQ 'x'", true),
        ] {
            assert_eq!(Filter::parse(text).map(|filter| filter.matches(&resource)), Ok(expected), "{text}");
        }
    }

    #[test]
    fn other_filters_are_rejected() {
        let deep = format!("{}name eq 'x'{}", "(".repeat(500), ")".repeat(500));
        for text in [
            "",
            "name",
            "name eq",
            "name eq x",
            "name eq 'x",
            "name gt 'x'",
            "owner eq 'x'",
            "(name eq 'x'",
            "name eq 'x')",
            "name eq 'x' and",
            "'x' eq name",
            "name eq 'x' name eq 'y'",
            "not",
            &deep,
            &"not ".repeat(400),
            &" ".repeat(3_000),
        ] {
            assert!(Filter::parse(text).is_err(), "{text:.60}");
        }
    }
}
