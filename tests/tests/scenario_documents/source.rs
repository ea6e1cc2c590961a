//! The types that read scenario and seed files, as their source describes them.

use std::collections::BTreeMap;
use std::path::Path;

use syn::{Attribute, Expr, Fields, Item, Lit, Meta, Type};

/// Directories and files with the types.
const PLACES: [&str; 5] = [
    "crates/lab/src/scenario",
    "crates/lab/src/seed",
    "crates/lab/src/starts.rs",
    "crates/wire/src",
    "crates/wire/src/overlay",
];
/// The file with the list of the verbs.
const VERBS: &str = "crates/lab/src/scenario/verbs/mod.rs";

/// A type of a file, by the path of its source and its name.
pub(crate) type TypeId = (String, String);

pub(crate) struct Described {
    pub(crate) doc: String,
    pub(crate) form: Form,
}

pub(crate) enum Form {
    Struct(Vec<Field>),
    /// The variants, and whether each is its content without a tag.
    Enum(Vec<Variant>, bool),
    /// A type with a reader of its own.
    Other,
}

pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) is_required: bool,
    pub(crate) is_flat: bool,
    /// Another name that is read.
    pub(crate) alias: Option<String>,
    pub(crate) ty: Type,
}

pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) content: Option<Type>,
    pub(crate) fields: Vec<Field>,
}

pub(crate) struct Source {
    pub(crate) types: BTreeMap<TypeId, Described>,
    /// The verbs in the order of their list, with their types.
    pub(crate) verbs: Vec<(String, TypeId)>,
    /// The texts of the constants that are lists, by file and name; of a list of tuples, the first
    /// text of each.
    texts: BTreeMap<TypeId, Vec<String>>,
}

impl Source {
    pub(crate) fn read(root: &Path) -> Self {
        let mut source = Self { types: BTreeMap::new(), verbs: Vec::new(), texts: BTreeMap::new() };
        for place in PLACES {
            source.read_place(root, place);
        }
        let text = std::fs::read_to_string(root.join(VERBS)).expect("the list of the verbs");
        source.read_step(&text);
        let list = text.split("\nverbs! {").nth(1).and_then(|rest| rest.split('}').next());
        for line in list.expect("a list of verbs").lines().map(str::trim).filter(|line| line.contains(": ")) {
            let (module, name) = line.trim_end_matches(',').split_once(": ").expect("module: Verb");
            let file = format!("crates/lab/src/scenario/verbs/{module}.rs");
            source.verbs.push((module.to_owned(), (file, name.to_owned())));
        }
        source
    }

    fn read_place(&mut self, root: &Path, place: &str) {
        let path = root.join(place);
        if path.is_file() {
            let text = std::fs::read_to_string(&path).expect("a source file");
            let Ok(file) = syn::parse_file(&text) else { panic!("{place} cannot be parsed") };
            return file.items.iter().for_each(|item| self.read_item(place, item));
        }
        let mut entries: Vec<_> =
            std::fs::read_dir(&path).expect("a directory").map(|entry| entry.expect("an entry")).collect();
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_source = name.ends_with(".rs") && name != "tests.rs";
            if is_source || (entry.path().is_dir() && place.starts_with("crates/lab")) {
                self.read_place(root, &format!("{place}/{name}"));
            }
        }
    }

    /// Reads the struct of a step, which is within a macro.
    fn read_step(&mut self, text: &str) {
        let start = text.find("pub struct Step {").expect("the struct of a step");
        let end = start + text[start..].find("$(").expect("the verbs of a step");
        let item = format!("/// A step: a verb and what all steps can have.\n{}}}", &text[start..end]);
        let item: Item = syn::parse_str(&item).expect("a struct");
        self.read_item(VERBS, &item);
    }

    fn read_item(&mut self, file: &str, item: &Item) {
        let (name, attributes) = match item {
            Item::Struct(item) => (item.ident.to_string(), &item.attrs),
            Item::Enum(item) => (item.ident.to_string(), &item.attrs),
            Item::Const(item) => {
                let id = (file.to_owned(), item.ident.to_string());
                self.texts.extend(texts_of(&item.expr).map(|texts| (id, texts)));
                return;
            }
            _ => return,
        };
        let serde = Serde::of(attributes);
        let form = match item {
            Item::Struct(item) => match &item.fields {
                Fields::Named(_) => Form::Struct(fields(&item.fields, &serde)),
                _ => Form::Other,
            },
            Item::Enum(item) => {
                let variant = |variant: &syn::Variant| {
                    let own = Serde::of(&variant.attrs);
                    let name = own.name.unwrap_or_else(|| serde.renamed(&variant.ident.to_string(), true));
                    let content = match &variant.fields {
                        Fields::Unnamed(unnamed) => unnamed.unnamed.first().map(|field| field.ty.clone()),
                        _ => None,
                    };
                    let fields = fields(&variant.fields, &Serde::default());
                    Variant { name, doc: doc_of(&variant.attrs), content, fields }
                };
                Form::Enum(item.variants.iter().map(variant).collect(), serde.is_untagged)
            }
            _ => return,
        };
        // Those without a tag have readers of their own, of the same form.
        let is_read = is_deserialized(attributes) || serde.is_untagged || name == "Step";
        let form = if is_read { form } else { Form::Other };
        let described = Described { doc: doc_of(attributes), form };
        self.types.insert((file.to_owned(), name), described);
    }

    /// The texts of a constant that is a list.
    pub(crate) fn texts(&self, file: &str, name: &str) -> &[String] {
        self.texts.get(&(file.to_owned(), name.to_owned())).expect("a list of texts")
    }

    /// The type that a name in a file refers to: that of the same file, or the only other one.
    pub(crate) fn resolve(&self, file: &str, name: &str) -> Option<&TypeId> {
        let own = (file.to_owned(), name.to_owned());
        if let Some((id, _)) = self.types.get_key_value(&own) {
            return Some(id);
        }
        let is_usable = |described: &Described| !matches!(described.form, Form::Other);
        let mut all = self.types.iter().filter(|((_, known), item)| known == name && is_usable(item));
        let first = all.next()?;
        // Types of scenarios and seeds are named alike only within the file that uses them.
        all.next().is_none().then_some(first.0)
    }

    /// The fields and types without a doc comment.
    pub(crate) fn without_doc(&self, ids: &[TypeId]) -> Vec<String> {
        let mut silent = Vec::new();
        for id in ids {
            if let Form::Struct(fields) = &self.types[id].form {
                let of_type = fields.iter().filter(|field| field.doc.is_empty());
                silent.extend(of_type.map(|field| format!("{}.{}", id.1, field.name)));
            }
        }
        silent
    }
}

fn fields(fields: &Fields, container: &Serde) -> Vec<Field> {
    let read = |field: &syn::Field| {
        let own = Serde::of(&field.attrs);
        let ident = field.ident.as_ref()?.to_string().trim_start_matches("r#").to_owned();
        let is_optional = matches!(&field.ty, Type::Path(path)
            if path.path.segments.last().is_some_and(|last| last.ident == "Option"));
        Some(Field {
            name: own.name.unwrap_or_else(|| container.renamed(&ident, false)),
            doc: doc_of(&field.attrs),
            is_required: !is_optional && !own.has_default && !container.has_default,
            is_flat: own.is_flat,
            alias: own.alias,
            ty: field.ty.clone(),
        })
    };
    fields.iter().filter_map(read).collect()
}

/// The texts of a list, or the first one of each tuple in it.
fn texts_of(list: &Expr) -> Option<Vec<String>> {
    let list = match list {
        Expr::Reference(reference) => &*reference.expr,
        list => list,
    };
    let Expr::Array(list) = list else { return None };
    let text = |item: &Expr| {
        let item = match item {
            Expr::Tuple(tuple) => tuple.elems.first()?,
            item => item,
        };
        match item {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        }
    };
    list.elems.iter().map(text).collect()
}

/// What the attributes of serde change.
#[derive(Default)]
struct Serde {
    name: Option<String>,
    rename_all: Option<String>,
    has_default: bool,
    is_flat: bool,
    is_untagged: bool,
    alias: Option<String>,
}

impl Serde {
    fn of(attributes: &[Attribute]) -> Self {
        let mut serde = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            let parsed = attribute.parse_nested_meta(|meta| {
                let value = match meta.value() {
                    Ok(value) => Some(value.parse::<syn::LitStr>()?.value()),
                    Err(_) => None,
                };
                let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
                match name.as_str() {
                    "rename" => serde.name = value,
                    "alias" => serde.alias = value,
                    "rename_all" => serde.rename_all = value,
                    "default" => serde.has_default = true,
                    "flatten" => serde.is_flat = true,
                    "untagged" => serde.is_untagged = true,
                    _ => {}
                }
                Ok(())
            });
            // Forms such as rename_all(serialize = "…") do not concern what is read.
            let _ = parsed;
        }
        serde
    }

    fn renamed(&self, name: &str, is_variant: bool) -> String {
        let words = if is_variant { snake(name) } else { name.to_owned() };
        match self.rename_all.as_deref() {
            Some("snake_case") => words,
            Some("kebab-case") => words.replace('_', "-"),
            Some("lowercase") => words.replace('_', ""),
            Some("camelCase") => {
                let mut parts = words.split('_');
                let first = parts.next().unwrap_or_default().to_owned();
                parts.fold(first, |all, part| all + &part[..1].to_uppercase() + &part[1..])
            }
            _ => name.to_owned(),
        }
    }
}

fn snake(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.extend(c.to_lowercase());
    }
    words
}

fn is_deserialized(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("derive")).any(|attribute| {
        matches!(&attribute.meta, Meta::List(list) if list.tokens.to_string().contains("Deserialize"))
    })
}

fn doc_of(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join(" ").replace("[`", "`").replace("`]", "`")
}
