//! Parses XPath 1.0.

/// The maximum nesting depth, and the maximum length in bytes.
const DEPTH_MAX: usize = 40;
const LENGTH_MAX: usize = 8_192;

#[derive(Clone, Debug)]
pub(super) enum Query {
    Number(f64),
    Text(String),
    Call(String, Vec<Query>),
    /// `or`, `and`, `=`, `!=`, `<`, `<=`, `>`, `>=`, `+`, `-`, `*`, `div`, `mod`, `|`.
    Binary(&'static str, Box<Query>, Box<Query>),
    Negative(Box<Query>),
    /// Steps from the root, from the context, or from the value of a query.
    Path(Start, Vec<Step>),
}

#[derive(Clone, Debug)]
pub(super) enum Start {
    Root,
    Context,
    /// A query and its predicates.
    Value(Box<Query>, Vec<Query>),
}

#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) axis: Axis,
    pub(super) test: Test,
    pub(super) predicates: Vec<Query>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Child,
    Descendant,
    DescendantOrSelf,
    Itself,
    Parent,
    Ancestor,
    AncestorOrSelf,
    Attribute,
    FollowingSibling,
    PrecedingSibling,
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    Name(String),
    Any,
    Node,
    Text,
    Comment,
    Instruction,
}

const AXES: [(&str, Axis); 10] = [
    ("child", Axis::Child),
    ("descendant", Axis::Descendant),
    ("descendant-or-self", Axis::DescendantOrSelf),
    ("self", Axis::Itself),
    ("parent", Axis::Parent),
    ("ancestor", Axis::Ancestor),
    ("ancestor-or-self", Axis::AncestorOrSelf),
    ("attribute", Axis::Attribute),
    ("following-sibling", Axis::FollowingSibling),
    ("preceding-sibling", Axis::PrecedingSibling),
];

/// The operators by rank, from the weakest.
const OPERATORS: [&[&str]; 7] =
    [&["or"], &["and"], &["!=", "="], &["<=", ">=", "<", ">"], &["+", "-"], &["*", "div", "mod"], &["|"]];

pub(super) fn parse(text: &str) -> Result<Query, String> {
    if text.len() > LENGTH_MAX {
        return Err(format!("it is longer than {LENGTH_MAX} bytes"));
    }
    let mut parser = Parser { rest: text };
    let query = parser.binary(0, 0)?;
    parser.blanks();
    if parser.rest.is_empty() { Ok(query) } else { Err(format!("'{}' is not expected", parser.rest)) }
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, token: &str) -> bool {
        self.blanks();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.take(token) { Ok(()) } else { Err(format!("'{token}' is missing before '{}'", self.rest)) }
    }

    fn operator(&mut self, rank: usize) -> Option<&'static str> {
        self.blanks();
        OPERATORS[rank].iter().copied().find(|operator| {
            let Some(rest) = self.rest.strip_prefix(operator) else { return false };
            // A word ends where another character follows.
            if operator.starts_with(|c: char| c.is_alphabetic()) && rest.starts_with(is_name) {
                return false;
            }
            self.rest = rest;
            true
        })
    }

    fn binary(&mut self, rank: usize, depth: usize) -> Result<Query, String> {
        if depth > DEPTH_MAX {
            return Err(format!("it is nested more than {DEPTH_MAX} levels deep"));
        }
        if rank == OPERATORS.len() {
            return self.path(depth);
        }
        if rank == OPERATORS.len() - 1 && self.take("-") {
            return Ok(Query::Negative(Box::new(self.binary(rank, depth + 1)?)));
        }
        let mut left = self.binary(rank + 1, depth)?;
        let mut operators = 0;
        while let Some(operator) = self.operator(rank) {
            operators += 1;
            if operators > DEPTH_MAX {
                return Err(format!("it has more than {DEPTH_MAX} operators in a row"));
            }
            let right = self.binary(rank + 1, depth)?;
            left = Query::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn name(&mut self) -> Option<&'a str> {
        let length = self.rest.find(|c: char| !is_name(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(length);
        let is_word = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        is_word.then(|| {
            self.rest = rest;
            name
        })
    }

    fn predicates(&mut self, depth: usize) -> Result<Vec<Query>, String> {
        let mut predicates = Vec::new();
        while self.take("[") {
            predicates.push(self.binary(0, depth + 1)?);
            self.expect("]")?;
        }
        Ok(predicates)
    }

    fn path(&mut self, depth: usize) -> Result<Query, String> {
        self.blanks();
        let mut steps = Vec::new();
        let start = if let Some(value) = self.value(depth)? {
            let predicates = self.predicates(depth)?;
            if predicates.is_empty() && !self.rest.trim_start().starts_with('/') {
                return Ok(value);
            }
            Start::Value(Box::new(value), predicates)
        } else if self.rest.starts_with('/') {
            let is_whole = !self.rest.starts_with("//") && !starts_step(&self.rest[1..]);
            if is_whole {
                self.rest = &self.rest[1..];
                return Ok(Query::Path(Start::Root, steps));
            }
            Start::Root
        } else {
            steps.push(self.step(depth)?);
            Start::Context
        };
        loop {
            if self.take("//") {
                steps.push(Step { axis: Axis::DescendantOrSelf, test: Test::Node, predicates: Vec::new() });
            } else if !self.take("/") {
                return Ok(Query::Path(start, steps));
            }
            steps.push(self.step(depth)?);
        }
    }

    /// Reads a number, a text, a call or a query in brackets, if there is one.
    fn value(&mut self, depth: usize) -> Result<Option<Query>, String> {
        let rest = self.rest;
        if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            let (text, after) = rest[1..].split_once(quote).ok_or("a text is not closed")?;
            self.rest = after;
            return Ok(Some(Query::Text(text.to_owned())));
        }
        let is_digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        if is_digit(rest) || rest.strip_prefix('.').is_some_and(is_digit) {
            let length = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
            self.rest = &rest[length..];
            let number = rest[..length].parse().map_err(|_| format!("'{}' is no number", &rest[..length]))?;
            return Ok(Some(Query::Number(number)));
        }
        if self.take("(") {
            let query = self.binary(0, depth + 1)?;
            self.expect(")")?;
            return Ok(Some(query));
        }
        let is_test = |name: &str| matches!(name, "node" | "text" | "comment" | "processing-instruction");
        let Some(name) = self.name().filter(|name| !is_test(name)) else {
            self.rest = rest;
            return Ok(None);
        };
        if !self.take("(") {
            self.rest = rest;
            return Ok(None);
        }
        let mut arguments = Vec::new();
        if !self.take(")") {
            loop {
                arguments.push(self.binary(0, depth + 1)?);
                if self.take(")") {
                    break;
                }
                self.expect(",")?;
            }
        }
        Ok(Some(Query::Call(name.to_owned(), arguments)))
    }

    fn step(&mut self, depth: usize) -> Result<Step, String> {
        let plain = |axis, test| Step { axis, test, predicates: Vec::new() };
        if self.take("..") {
            return Ok(plain(Axis::Parent, Test::Node));
        }
        if self.take(".") {
            return Ok(plain(Axis::Itself, Test::Node));
        }
        let mut axis = Axis::Child;
        if self.take("@") {
            axis = Axis::Attribute;
        } else if let Some((name, rest)) = self.rest.split_once("::")
            && name.trim_end().chars().all(is_name)
        {
            let known = AXES.iter().find(|(axis, _)| *axis == name.trim_end());
            axis =
                known.map(|(_, axis)| *axis).ok_or_else(|| format!("the axis '{name}' is not supported"))?;
            self.rest = rest;
        }
        let test = if self.take("*") {
            Test::Any
        } else {
            self.blanks();
            let name = self.name().ok_or_else(|| format!("a step is expected before '{}'", self.rest))?;
            if self.take("(") {
                self.expect(")")?;
                match name {
                    "node" => Test::Node,
                    "text" => Test::Text,
                    "comment" => Test::Comment,
                    "processing-instruction" => Test::Instruction,
                    other => return Err(format!("'{other}()' is no step")),
                }
            } else if self.rest.starts_with(':') {
                return Err(format!(
                    "the prefix '{name}' has no namespace here; use *[local-name()='…' and namespace-uri()='…']"
                ));
            } else {
                Test::Name(name.to_owned())
            }
        };
        Ok(Step { axis, test, predicates: self.predicates(depth)? })
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.')
}

fn starts_step(text: &str) -> bool {
    text.trim_start().starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '@' | '*' | '.'))
}
