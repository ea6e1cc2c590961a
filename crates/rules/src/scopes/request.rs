//! A `scope` parameter, parsed.

use std::collections::BTreeSet;

use super::{DEFAULT, GRAPH_APP_ID, ScopeError, names_graph, oidc_scope};

/// The longest scope parameter that is read, in bytes.
const SCOPE_BYTES_MAX: usize = 4_096;

/// A scope parameter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScopeRequest {
    /// The OpenID Connect scopes.
    pub oidc: BTreeSet<String>,
    /// The requested resources, in order; one that is named in two ways appears twice.
    pub resources: Vec<RequestedResource>,
    /// The parameter as sent, for errors.
    pub text: String,
}

/// The scopes requested under one identifier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestedResource {
    /// The identifier, character for character; absent for bare names, which mean Microsoft Graph.
    pub identifier: Option<String>,
    /// The requested names, in order.
    pub names: Vec<String>,
    /// Whether everything that is consented to is requested: by `.default`, or by the `resource`
    /// parameter of version 1.0.
    pub by_default: bool,
    /// `.default` as the request writes it. Version 1.0 has no such scope.
    pub default_word: Option<String>,
}

impl RequestedResource {
    /// Everything that is consented to of this resource, without the scope `.default`.
    #[must_use]
    pub fn whole(identifier: &str) -> Self {
        Self { identifier: Some(identifier.to_owned()), by_default: true, ..Self::default() }
    }

    /// The name by which the resource is found, and the audience of a version 1.0 token for it.
    #[must_use]
    pub fn audience(&self) -> &str {
        self.identifier.as_deref().unwrap_or(GRAPH_APP_ID)
    }

    /// The same with the names in the spelling of `registered`, each once.
    ///
    /// # Errors
    /// The first name that is not registered. The names of OpenID Connect are Microsoft Graph's
    /// alone.
    pub fn spelled_as<'a>(&self, registered: impl Iterator<Item = &'a str> + Clone) -> Result<Self, String> {
        let mut names: Vec<String> = Vec::new();
        for name in &self.names {
            let known = registered.clone().find(|known| known.eq_ignore_ascii_case(name));
            let known = known.filter(|_| oidc_scope(name).is_none()).ok_or_else(|| name.clone())?;
            if !names.iter().any(|before| before == known) {
                names.push(known.to_owned());
            }
        }
        Ok(Self { names, ..self.clone() })
    }

    /// A scope of this resource as the response names it: in the words of the request, except that
    /// a bare `.default` is answered with the application id of Microsoft Graph.
    pub(super) fn dressed(&self, name: &str) -> String {
        match &self.identifier {
            None if self.by_default => format!("{GRAPH_APP_ID}/{name}"),
            _ => self.worded(name),
        }
    }

    /// A scope of this resource in the words of the request.
    pub(super) fn worded(&self, name: &str) -> String {
        match &self.identifier {
            Some(identifier) => format!("{identifier}/{name}"),
            None => name.to_owned(),
        }
    }
}

impl ScopeRequest {
    /// Parses a scope parameter.
    ///
    /// # Errors
    /// A scope that is malformed, or `.default` beside a named scope.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        if text.len() > SCOPE_BYTES_MAX {
            return Err(ScopeError::TooLong);
        }
        let mut request = Self { text: text.to_owned(), ..Self::default() };
        for scope in text.split_ascii_whitespace() {
            if let Some(oidc) = oidc_scope(scope) {
                request.oidc.insert(oidc.to_owned());
                continue;
            }
            let (identifier, name) = match scope.rsplit_once('/') {
                Some((identifier, name)) if is_identifier(identifier) && !name.is_empty() => {
                    (Some(identifier), name)
                }
                Some(_) => return Err(ScopeError::Malformed),
                None => (None, scope),
            };
            request.add(identifier, name);
        }
        let by_default = request.resources.iter().any(|resource| resource.by_default);
        if by_default && request.resources.iter().any(|resource| !resource.names.is_empty()) {
            return Err(ScopeError::DefaultCombined(text.to_owned()));
        }
        Ok(request)
    }

    /// The request that the `resource` parameter of version 1.0 stands for. It always signs the
    /// user in, and always includes a refresh token.
    #[must_use]
    pub fn of_resource(identifier: &str) -> Self {
        Self { resources: vec![RequestedResource::whole(identifier)], ..Self::of_version_1() }
    }

    /// A version 1.0 request that names no resource.
    #[must_use]
    pub fn of_version_1() -> Self {
        let oidc = ["openid", "profile", "offline_access"].map(str::to_owned).into();
        Self { oidc, ..Self::default() }
    }

    /// Whether the request includes `offline_access`.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.oidc.contains("offline_access")
    }

    /// Rejects `.default` of several resources, which no token request may have.
    ///
    /// # Errors
    /// [`ScopeError::SeveralDefaults`].
    pub fn with_one_default(self) -> Result<Self, ScopeError> {
        let defaults = self.resources.iter().filter(|resource| resource.by_default).count();
        if defaults > 1 { Err(ScopeError::SeveralDefaults(self.text)) } else { Ok(self) }
    }

    fn add(&mut self, identifier: Option<&str>, name: &str) {
        let known = self.resources.iter().position(|known| known.identifier.as_deref() == identifier);
        let at = known.unwrap_or_else(|| {
            let identifier = identifier.map(str::to_owned);
            self.resources.push(RequestedResource { identifier, ..RequestedResource::default() });
            self.resources.len() - 1
        });
        let resource = &mut self.resources[at];
        if name.eq_ignore_ascii_case(DEFAULT) {
            resource.by_default = true;
            resource.default_word.get_or_insert_with(|| name.to_owned());
        } else if let Some(oidc) = oidc_scope(name).filter(|_| identifier.is_none_or(names_graph)) {
            self.oidc.insert(oidc.to_owned());
        } else if !resource.names.iter().any(|before| before.eq_ignore_ascii_case(name)) {
            resource.names.push(name.to_owned());
        }
    }
}

/// Whether a text is a URI (RFC 3986, section 3.1) or a GUID.
fn is_identifier(text: &str) -> bool {
    let is_guid = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    let has_scheme = text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
            && !rest.trim_matches('/').is_empty()
    });
    is_guid || has_scheme
}
