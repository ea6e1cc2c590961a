//! Puts the members of a file in order, each with its comments.
//!
//! A comment belongs to the member on whose line it ends or above which it stands. Where that is
//! not certain, the members of a mapping stay as they are: if the first, which would move, has a
//! comment above it (which can be about the whole mapping), if another with a comment above it
//! would be the first, if the last would move and has comments below it, and if a flow mapping has
//! comments. A file with aliases stays as it is, because each has to follow its anchor.

use std::collections::BTreeSet;

use yaml_parser::{SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken};

use super::members::Shape;
use crate::file_kind::FileKind;

/// Returns a text with the members in order, and without spaces at the end of comments. Nothing
/// else is changed.
pub(super) fn put_in_order(text: &str, kind: FileKind) -> String {
    rewrite(text, &Shape::of(kind))
}

/// Returns a text without spaces at the end of comments. Nothing else is changed.
pub(super) fn trim_comments(text: &str) -> String {
    rewrite(text, &Shape::default())
}

fn rewrite(text: &str, shape: &Shape) -> String {
    let Ok(root) = yaml_parser::parse(text) else { return text.to_owned() };
    let has_alias = root.descendants().any(|node| node.kind() == SyntaxKind::ALIAS);
    let none = Shape::default();
    let mut writer = Writer { text, output: String::with_capacity(text.len()), written: BTreeSet::new() };
    writer.write(&root, if has_alias { &none } else { shape });
    writer.output
}

struct Writer<'a> {
    text: &'a str,
    output: String,
    /// The offsets of tokens that are already written, with the member on whose line they are.
    written: BTreeSet<usize>,
}

/// A member of a block mapping.
struct Member {
    node: SyntaxNode,
    name: String,
    /// What is between the line on which the member before it ends and its name.
    lead: String,
}

impl Writer<'_> {
    fn write(&mut self, node: &SyntaxNode, shape: &Shape) {
        use SyntaxKind as Kind;
        match node.kind() {
            Kind::BLOCK_MAP => self.write_block_map(node, shape),
            Kind::FLOW_MAP_ENTRIES => self.write_flow_map(node, shape),
            Kind::BLOCK_SEQ | Kind::FLOW_SEQ_ENTRIES => self.write_children(node, &shape.item()),
            Kind::BLOCK_MAP_KEY | Kind::FLOW_MAP_KEY | Kind::FLOW_PAIR => {
                self.write_children(node, &Shape::default());
            }
            _ => self.write_children(node, shape),
        }
    }

    fn write_children(&mut self, node: &SyntaxNode, shape: &Shape) {
        for element in node.children_with_tokens() {
            match element {
                SyntaxElement::Token(token) => self.write_token(&token),
                SyntaxElement::Node(node) => self.write(&node, shape),
            }
        }
    }

    fn write_token(&mut self, token: &SyntaxToken) {
        if !self.written.contains(&token.text_range().start().into()) {
            self.output.push_str(text_of(token));
        }
    }

    /// Writes the comment behind a member on its line. The last of a mapping is followed by a part
    /// of what surrounds the mapping.
    fn write_tail(&mut self, member: &SyntaxNode) {
        for token in following(member).take_while(|token| !token.text().contains('\n')) {
            self.write_token(&token);
            self.written.insert(token.text_range().start().into());
        }
    }

    fn write_block_map(&mut self, map: &SyntaxNode, shape: &Shape) {
        let Some((members, rest)) = members_of(map) else {
            return self.write_children(map, &Shape::default());
        };
        let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
        let mut order = shape.order_of(&names);
        let begins = order.first().is_none_or(|first| *first == 0 || self.can_begin(map, &members[*first]));
        let last = members.len().saturating_sub(1);
        let ends = order.last() == Some(&last)
            || (rest.trim().is_empty() && !self.has_comment_below(&members[last].node));
        if !begins || !ends {
            order = (0..members.len()).collect();
        }
        for (place, index) in order.iter().enumerate() {
            let member = &members[*index];
            // The first has nothing before it, so what moves away from there takes over what the
            // first had.
            match (place, *index, order.first().and_then(|first| members.get(*first))) {
                (0, ..) => {}
                (_, 0, Some(first)) => self.output.push_str(&first.lead),
                _ => self.output.push_str(&member.lead),
            }
            self.write_children(&member.node, &shape.member(&member.name));
            self.write_tail(&member.node);
        }
        self.output.push_str(&rest);
    }

    /// Whether `member` can become the first of `map`.
    fn can_begin(&self, map: &SyntaxNode, member: &Member) -> bool {
        member.lead.trim().is_empty()
            && self.line_before(map).is_none_or(|line| !line.trim_start_matches(['-', ' ']).starts_with('#'))
    }

    /// Whether a comment is on the line below a member, at its column.
    fn has_comment_below(&self, member: &SyntaxNode) -> bool {
        let start: usize = member.text_range().start().into();
        let column = start - self.text[..start].rfind('\n').map_or(0, |end| end + 1);
        let below: String = following(member).map(|token| token.text().to_owned()).collect();
        below.split('\n').nth(1).is_some_and(|line| {
            line.trim_start().starts_with('#') && line.len() - line.trim_start().len() == column
        })
    }

    /// Returns the line before a mapping; `None` if there is something else on its own line.
    fn line_before(&self, map: &SyntaxNode) -> Option<&str> {
        let before = self.text.get(..map.text_range().start().into())?;
        let lines = before.trim_end_matches([' ', '\t']).strip_suffix('\n')?;
        lines.rsplit('\n').next().map(str::trim)
    }

    fn write_flow_map(&mut self, entries: &SyntaxNode, shape: &Shape) {
        let has_comment = |node: &SyntaxNode| {
            node.children_with_tokens().any(|element| element.kind() == SyntaxKind::COMMENT)
        };
        let members: Vec<(SyntaxNode, String)> = entries
            .children()
            .map(|node| {
                let name = name_of(&node).unwrap_or_default();
                (node, name)
            })
            .collect();
        let names: Vec<&str> = members.iter().map(|(_, name)| name.as_str()).collect();
        let mut order = shape.order_of(&names);
        if has_comment(entries) || entries.parent().as_ref().is_some_and(has_comment) {
            order = (0..members.len()).collect();
        }
        let mut order = order.into_iter();
        for element in entries.children_with_tokens() {
            match element {
                SyntaxElement::Token(token) => self.write_token(&token),
                SyntaxElement::Node(_) => {
                    if let Some((node, name)) = order.next().and_then(|index| members.get(index)) {
                        self.write_children(node, &shape.member(name));
                    }
                }
            }
        }
    }
}

fn text_of(token: &SyntaxToken) -> &str {
    if token.kind() == SyntaxKind::COMMENT { token.text().trim_end() } else { token.text() }
}

/// Returns the spaces, line breaks and comments behind a member.
fn following(member: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> {
    let first = member.last_token().and_then(|token| token.next_token());
    let is_between =
        |token: &SyntaxToken| matches!(token.kind(), SyntaxKind::WHITESPACE | SyntaxKind::COMMENT);
    std::iter::successors(first, SyntaxToken::next_token).take_while(is_between)
}

/// Returns the members of a block mapping and what follows the line of the last; `None` if it has
/// another form.
fn members_of(map: &SyntaxNode) -> Option<(Vec<Member>, String)> {
    let mut members: Vec<Member> = Vec::new();
    let mut gap = String::new();
    for element in map.children_with_tokens() {
        match element {
            SyntaxElement::Token(token) => gap.push_str(text_of(&token)),
            SyntaxElement::Node(node) => {
                let lead = if members.is_empty() { 0 } else { gap.find('\n')? };
                members.push(Member { name: name_of(&node)?, node, lead: gap.split_off(lead) });
                gap.clear();
            }
        }
    }
    let rest = gap.split_off(gap.find('\n').unwrap_or(gap.len()));
    (!members.is_empty()).then_some((members, rest))
}

/// Returns the name of a member; `None` if it is not a single text.
fn name_of(member: &SyntaxNode) -> Option<String> {
    let is_key =
        |node: &SyntaxNode| matches!(node.kind(), SyntaxKind::BLOCK_MAP_KEY | SyntaxKind::FLOW_MAP_KEY);
    let key = member.children().find(is_key)?.text().to_string();
    let key = key.trim();
    let is_complex = key.is_empty() || key.starts_with(['?', '&', '!', '*', '[', '{']) || key.contains('\n');
    (!is_complex).then(|| key.trim_matches(['"', '\'']).to_owned())
}
