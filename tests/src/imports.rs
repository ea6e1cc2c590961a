//! Imports between the files of a crate, and their cycles, as functions over plain values.
//!
//! An import leads to the file that defines the name: re-exports and modules are followed. `mod`
//! declarations, `mod.rs` files that only declare and re-export, and `#[cfg(test)]` items do not
//! count.

use std::collections::{BTreeMap, BTreeSet};

/// A file's path below `src` to its text.
pub type Sources = BTreeMap<String, String>;
/// A file to the files that it imports from.
pub type Imports = BTreeMap<String, BTreeSet<String>>;

/// Returns the imports of each file.
#[must_use]
pub fn imports(sources: &Sources) -> Imports {
    let root = if sources.contains_key("lib.rs") { "lib.rs" } else { "main.rs" };
    let modules: Modules = sources
        .iter()
        .filter(|(file, _)| *file == root || !matches!(file.as_str(), "lib.rs" | "main.rs"))
        .map(|(file, text)| (path_of(file), Module::parse(file, text)))
        .collect();
    let of = |(path, module): (&Path, &Module)| (module.file.clone(), targets(&modules, path, module));
    modules.iter().map(of).collect()
}

/// Returns the cycles: groups of files of which each imports, directly or not, from all others.
#[must_use]
pub fn cycles(imports: &Imports) -> Vec<Vec<String>> {
    let reached: Imports = imports.keys().map(|file| (file.clone(), reachable(imports, file))).collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for file in imports.keys() {
        let is_mutual = |other: &&String| reached.get(*other).is_some_and(|back| back.contains(file));
        let group: Vec<String> = reached[file].iter().filter(is_mutual).cloned().collect();
        if group.len() > 1 && seen.insert(group.clone()) {
            found.push(group);
        }
    }
    found
}

fn reachable(imports: &Imports, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(file) = open.pop() {
        for next in imports.get(&file).into_iter().flatten() {
            if reached.insert(next.clone()) {
                open.push(next.clone());
            }
        }
    }
    reached
}

type Path = Vec<String>;
type Modules = BTreeMap<Path, Module>;

/// Returns the module path of a file.
fn path_of(file: &str) -> Path {
    let mut names: Path = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if names.last().is_some_and(|name| matches!(name.as_str(), "mod" | "lib" | "main")) {
        names.pop();
    }
    names
}

struct Module {
    file: String,
    /// The names in `use` declarations, with the paths that they lead to. `*` for globs.
    uses: Vec<(String, Path)>,
    /// Paths in code.
    mentions: Vec<Path>,
    /// The names that the file defines.
    items: BTreeSet<String>,
    /// Whether it only declares modules and re-exports.
    is_transparent: bool,
}

impl Module {
    fn parse(file: &str, text: &str) -> Self {
        let tokens = without_attributes(&tokens(text));
        let (mut uses, mut mentions, mut items) = (Vec::new(), Vec::new(), BTreeSet::new());
        let mut has_code = false;
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let next = tokens.get(at + 1).map_or("", String::as_str);
            match token.as_str() {
                "use" if next != "<" => {
                    at += 1;
                    use_tree(&tokens, &mut at, &[], &mut uses);
                }
                "mod" if tokens.get(at + 2).is_some_and(|end| end == ";") => at += 3,
                "fn" | "struct" | "enum" | "trait" | "type" | "const" | "static" | "union" | "mod" => {
                    let name = if next == "mut" { at + 2 } else { at + 1 };
                    items.extend(tokens.get(name).cloned());
                    has_code = true;
                    at += 1;
                }
                "macro_rules" => {
                    items.extend(tokens.get(at + 2).cloned());
                    has_code = true;
                    at += 3;
                }
                // A visibility is no import.
                "in" if at >= 2 && tokens[at - 1] == "(" && tokens[at - 2] == "pub" => {
                    at = after_brackets(&tokens, at - 1, "(", ")");
                }
                name if is_name(name) && next == "::" => {
                    let mut path = vec![name.to_owned()];
                    while tokens.get(at + 1).is_some_and(|sign| sign == "::")
                        && tokens.get(at + 2).is_some_and(|name| is_name(name))
                    {
                        path.push(tokens[at + 2].clone());
                        at += 2;
                    }
                    mentions.push(path);
                    at += 1;
                }
                _ => at += 1,
            }
        }
        Self { file: file.to_owned(), uses, mentions, items, is_transparent: !has_code }
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Reads a `use` tree from `at` to its end.
fn use_tree(tokens: &[String], at: &mut usize, prefix: &[String], uses: &mut Vec<(String, Path)>) {
    let mut path = prefix.to_vec();
    let mut alias = None;
    while let Some(token) = tokens.get(*at) {
        match token.as_str() {
            "{" => {
                *at += 1;
                while tokens.get(*at).is_some_and(|token| token != "}") {
                    use_tree(tokens, at, &path, uses);
                    *at += usize::from(tokens.get(*at).is_some_and(|token| token == ","));
                }
                *at += 1;
                return;
            }
            "," | "}" | ";" => break,
            "as" => {
                alias = tokens.get(*at + 1).cloned();
                *at += 1;
            }
            "::" => {}
            "self" if !path.is_empty() => {}
            name => path.push(name.to_owned()),
        }
        *at += 1;
    }
    let name = alias.or_else(|| path.last().cloned());
    uses.extend(name.map(|name| (name, path)));
}

/// Splits code into names and signs, without comments, texts, numbers and lifetimes.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let raw = rest.trim_start_matches('b').strip_prefix('r').map(|after| {
            let hashes = after.len() - after.trim_start_matches('#').len();
            (hashes, after.trim_start_matches('#').strip_prefix('"'))
        });
        if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
        } else if rest.starts_with("/*") {
            rest = rest.split_once("*/").map_or("", |(_, after)| after);
        } else if let Some((hashes, Some(after))) = raw {
            rest = after.split_once(&format!("\"{}", "#".repeat(hashes))).map_or("", |(_, after)| after);
        } else if let Some(after) = rest.strip_prefix('"') {
            rest = after_text(after);
        } else if let Some(after) = rest.strip_prefix('\'') {
            rest = after_quote(after);
        } else if first.is_alphanumeric() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(rest[..end].to_owned());
            rest = &rest[end..];
        } else if let Some(after) = rest.strip_prefix("::") {
            tokens.push("::".to_owned());
            rest = after;
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    tokens
}

fn after_text(text: &str) -> &str {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return &text[at + 1..],
            _ => {}
        }
    }
    ""
}

/// Skips a character literal or the quote of a lifetime.
fn after_quote(text: &str) -> &str {
    if text.starts_with('\\') {
        let rest = &text[2..];
        return rest.split_once('\'').map_or("", |(_, after)| after);
    }
    let mut characters = text.char_indices();
    characters.next();
    match characters.next() {
        Some((at, '\'')) => &text[at + 1..],
        _ => text,
    }
}

/// Removes attributes, and items that are only compiled for tests.
fn without_attributes(tokens: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_attribute = tokens[at] == "#"
            && (tokens.get(at + 1).is_some_and(|sign| sign == "[")
                || tokens.get(at + 1).is_some_and(|sign| sign == "!")
                    && tokens.get(at + 2).is_some_and(|sign| sign == "["));
        if !is_attribute {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        let is_test = tokens[at..].starts_with(&["#", "[", "cfg", "(", "test", ")", "]"].map(str::to_owned));
        at = after_brackets(tokens, at, "[", "]");
        if is_test {
            at = after_item(tokens, at);
        }
    }
    kept
}

/// Returns the place after the brackets that open next.
fn after_brackets(tokens: &[String], mut at: usize, open: &str, close: &str) -> usize {
    let mut depth = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        if token == open {
            depth += 1;
        } else if token == close {
            depth -= 1;
            if depth == 0 {
                break;
            }
        }
    }
    at
}

/// Returns the place after the item that begins at `at`.
fn after_item(tokens: &[String], mut at: usize) -> usize {
    while let Some(token) = tokens.get(at) {
        match token.as_str() {
            ";" => return at + 1,
            "{" => return after_brackets(tokens, at, "{", "}"),
            _ => at += 1,
        }
    }
    at
}

/// Returns the files that define what a module imports and mentions.
fn targets(modules: &Modules, of: &Path, module: &Module) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut add = |path: &[String]| {
        if let Some(target) = definition(modules, path, 0)
            && target.file != module.file
            && !target.is_transparent
        {
            found.insert(target.file.clone());
        }
    };
    // Names that stand for a module: the path after them says which file is meant.
    let mut names: BTreeMap<&str, Path> = BTreeMap::new();
    for (name, path) in &module.uses {
        let Some(path) = absolute(modules, of, path) else { continue };
        if modules.contains_key(&path) {
            names.insert(name, path);
        } else if !module.is_transparent {
            add(&path);
        }
    }
    for path in &module.mentions {
        let path = match names.get(path[0].as_str()) {
            Some(start) => Some(start.iter().chain(&path[1..]).cloned().collect()),
            None => absolute(modules, of, path),
        };
        if let Some(path) = path {
            add(&path);
        }
    }
    found
}

/// Returns a path from the crate's root; `None` if it leads to another crate.
fn absolute(modules: &Modules, of: &[String], path: &[String]) -> Option<Path> {
    let supers = path.iter().take_while(|name| *name == "super").count();
    let joined = |base: &[String], rest: &[String]| Some([base, rest].concat());
    match path.first()?.as_str() {
        "crate" => Some(path[1..].to_vec()),
        "self" => joined(of, &path[1..]),
        "super" => joined(&of[..of.len().checked_sub(supers)?], &path[supers..]),
        _ if modules.contains_key(&[of, &path[..1]].concat()) => joined(of, path),
        _ => None,
    }
}

/// Returns the module that defines what a path from the root leads to.
fn definition<'a>(modules: &'a Modules, path: &[String], depth: u8) -> Option<&'a Module> {
    let length = (0..=path.len()).rev().find(|length| modules.contains_key(&path[..*length]))?;
    let (of, rest) = path.split_at(length);
    let module = modules.get(of)?;
    let Some(name) = rest.first() else { return Some(module) };
    if module.items.contains(name) || depth > 20 {
        return Some(module);
    }
    let follow = |target: &Path| {
        let target = absolute(modules, of, target);
        target.map(|target| target.iter().chain(&rest[1..]).cloned().collect::<Path>())
    };
    if let Some((_, target)) = module.uses.iter().find(|(used, _)| used == name) {
        return definition(modules, &follow(target)?, depth + 1);
    }
    let globs = module.uses.iter().filter(|(used, _)| used == "*");
    for (_, target) in globs {
        let Some(mut target) = absolute(modules, of, &target[..target.len() - 1]) else { continue };
        target.extend(rest.iter().cloned());
        if let Some(found) =
            definition(modules, &target, depth + 1).filter(|found| found.items.contains(name))
        {
            return Some(found);
        }
    }
    Some(module)
}
