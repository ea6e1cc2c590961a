//! The inputs of an `Http` action (reference §7.1).

use super::node::Node;
use super::refusal::Collected;
use super::template_reader::{optional, required, templates_in};
use super::{literals, retry_policy, values};
use crate::expression::Template;
use crate::retry::RetryPolicy;

const NOT_A_HEADER: &str = "this has characters that are not valid in a header";

/// A request to a service.
#[derive(Clone, Debug)]
pub(crate) struct HttpCall {
    pub method: Template,
    pub uri: Template,
    pub queries: Option<Template>,
    pub headers: Option<Template>,
    pub body: Option<Template>,
    pub authentication: Option<HttpAuthentication>,
    pub retry: RetryPolicy,
}

/// How an `Http` action authenticates.
#[derive(Clone, Debug)]
pub(crate) enum HttpAuthentication {
    Basic {
        username: Template,
        password: Template,
    },
    /// The value of the header `Authorization`.
    Raw(Template),
    /// A token for an application.
    ActiveDirectoryOAuth {
        tenant: Template,
        audience: Template,
        client_id: Template,
        credential: ApplicationCredential,
    },
    /// A token of a managed identity of the flow.
    ManagedIdentity {
        audience: Option<Template>,
        /// The resource id of a user-assigned identity.
        identity: Option<Template>,
    },
    /// The client's certificate in the TLS handshake.
    ClientCertificate(CertificateFile),
}

/// How an application proves who it is.
#[derive(Clone, Debug)]
pub(crate) enum ApplicationCredential {
    Secret(Template),
    Certificate(CertificateFile),
}

/// A PKCS#12 file in base64.
#[derive(Clone, Debug)]
pub(crate) struct CertificateFile {
    pub pfx: Template,
    pub password: Option<Template>,
}

impl CertificateFile {
    fn templates(&self) -> impl Iterator<Item = &Template> {
        std::iter::once(&self.pfx).chain(&self.password)
    }
}

impl HttpCall {
    pub(super) fn templates(&self) -> Vec<&Template> {
        let optional = [&self.queries, &self.headers, &self.body].into_iter().flatten();
        optional.chain([&self.method, &self.uri]).chain(self.credential_templates()).collect()
    }

    /// Returns the templates of the authentication, whose values are never recorded.
    pub(super) fn credential_templates(&self) -> Vec<&Template> {
        match &self.authentication {
            None => Vec::new(),
            Some(HttpAuthentication::Basic { username, password }) => vec![username, password],
            Some(HttpAuthentication::Raw(value)) => vec![value],
            Some(HttpAuthentication::ManagedIdentity { audience, identity }) => {
                [audience, identity].into_iter().flatten().collect()
            }
            Some(HttpAuthentication::ActiveDirectoryOAuth { tenant, audience, client_id, credential }) => {
                let mut templates = vec![tenant, audience, client_id];
                match credential {
                    ApplicationCredential::Secret(secret) => templates.push(secret),
                    ApplicationCredential::Certificate(file) => templates.extend(file.templates()),
                }
                templates
            }
            Some(HttpAuthentication::ClientCertificate(file)) => file.templates().collect(),
        }
    }
}

pub(super) fn read(inputs: &Node<'_>, errors: &mut Collected) -> Option<HttpCall> {
    let known = ["method", "uri", "queries", "headers", "body", "cookie", "authentication", "retryPolicy"];
    errors.keep(inputs.only(&known));
    if let Some(cookie) = inputs.optional("cookie") {
        errors.push(cookie.refuse("cookies are not sent", "use the header Cookie"));
    }
    let method = required(inputs, "method", "give an HTTP method", errors);
    let uri = required(inputs, "uri", "give the address", errors);
    check_uri(inputs, errors);
    literals::text_follows(inputs, "method", values::method, errors);
    literals::text_follows(inputs, "uri", values::address, errors);
    literals::object(inputs, "queries", errors);
    literals::headers(inputs, "headers", &[], errors);
    let queries = optional(inputs, "queries", errors);
    let headers = optional(inputs, "headers", errors);
    let body = optional(inputs, "body", errors);
    let retry = inputs.optional("retryPolicy").and_then(|policy| errors.keep(retry_policy::read(&policy)));
    let authentication = match inputs.optional("authentication") {
        None => None,
        // An exported flow that lets the engine choose.
        Some(node)
            if node
                .value()
                .as_str()
                .is_some_and(|text| text.starts_with("@parameters('$authentication')")) =>
        {
            None
        }
        Some(node) => authentication(&node, errors)?,
    };
    Some(HttpCall {
        method: method?,
        uri: uri?,
        queries,
        headers,
        body,
        authentication,
        retry: retry.unwrap_or_default(),
    })
}

/// Rejects user information in the `uri` of a request: it would be shown in the definition and in
/// run histories.
pub(super) fn check_uri(request: &Node<'_>, errors: &mut Collected) {
    let Some(uri) = request.optional("uri") else { return };
    let Ok(template) = Template::read(uri.value()) else { return };
    // A digit can be a part of any host, port or path.
    if template.text_with("1").is_some_and(|text| has_user_information(&text)) {
        errors.keep_new(Err(uri.refuse(
            "the uri contains user information (user:password@)",
            "remove it, and give the request an authentication of the type Basic",
        )));
    }
}

/// Checks the requests of a webhook.
pub(super) fn check_subscription(inputs: &Node<'_>, errors: &mut Collected) {
    for member in ["subscribe", "unsubscribe"] {
        if let Some(request) = inputs.optional(member) {
            check_uri(&request, errors);
        }
    }
}

/// Whether an address contains user information.
pub(crate) fn has_user_information(uri: &str) -> bool {
    url::Url::parse(uri.trim()).is_ok_and(|url| !url.username().is_empty() || url.password().is_some())
}

fn authentication(node: &Node<'_>, errors: &mut Collected) -> Option<Option<HttpAuthentication>> {
    let kind = errors.keep(node.required("type", "give the type of authentication"))?;
    let text = errors.keep(kind.text())?.to_ascii_lowercase();
    let read = match text.as_str() {
        "none" => return Some(None),
        "basic" => {
            literals::strings(node, &["username", "password"], errors);
            errors.keep(node.only(&["type", "username", "password"]));
            let username = required(node, "username", "give the name of the user", errors);
            let password = required(node, "password", "give the password", errors);
            HttpAuthentication::Basic { username: username?, password: password? }
        }
        "raw" => {
            errors.keep(node.only(&["type", "value"]));
            let is_valid = |text: &str| values::is_header_value(text).then_some(()).ok_or(NOT_A_HEADER);
            literals::text_follows(node, "value", is_valid, errors);
            let value = required(node, "value", "give the value of the header Authorization", errors);
            HttpAuthentication::Raw(value?)
        }
        "activedirectoryoauth" => application(node, errors)?,
        "clientcertificate" => {
            errors.keep(node.only(&["type", "pfx", "password"]));
            HttpAuthentication::ClientCertificate(certificate_file(node, errors)?)
        }
        "managedserviceidentity" => {
            errors.keep(node.only(&["type", "audience", "identity"]));
            literals::strings(node, &["audience", "identity"], errors);
            let audience = optional(node, "audience", errors);
            let identity = optional(node, "identity", errors);
            HttpAuthentication::ManagedIdentity { audience, identity }
        }
        _ => {
            errors.push(kind.refuse(
                "this is not a type of authentication",
                "use Basic, Raw, ClientCertificate, ManagedServiceIdentity or ActiveDirectoryOAuth",
            ));
            return None;
        }
    };
    Some(Some(read))
}

fn application(node: &Node<'_>, errors: &mut Collected) -> Option<HttpAuthentication> {
    let known = [
        "type",
        "authority",
        "tenant",
        "audience",
        "clientId",
        "credentialType",
        "secret",
        "pfx",
        "password",
    ];
    errors.keep(node.only(&known));
    literals::strings(node, &["tenant", "audience", "clientId", "secret"], errors);
    // The authority is the identity provider of this installation, whatever its host.
    if let Some(authority) = node.optional("authority") {
        templates_in(&authority, errors);
    }
    let tenant = required(node, "tenant", "give the id of the tenant", errors);
    let audience = required(node, "audience", "give the resource", errors);
    let client_id = required(node, "clientId", "give the id of the application", errors);
    let credential = if node.optional("pfx").is_some() {
        certificate_file(node, errors).map(ApplicationCredential::Certificate)
    } else {
        let remedy = "give the secret of the application, or its certificate as pfx";
        required(node, "secret", remedy, errors).map(ApplicationCredential::Secret)
    };
    Some(HttpAuthentication::ActiveDirectoryOAuth {
        tenant: tenant?,
        audience: audience?,
        client_id: client_id?,
        credential: credential?,
    })
}

fn certificate_file(node: &Node<'_>, errors: &mut Collected) -> Option<CertificateFile> {
    literals::strings(node, &["pfx", "password"], errors);
    let pfx = required(node, "pfx", "give the PKCS#12 file in base64", errors);
    let password = optional(node, "password", errors);
    Some(CertificateFile { pfx: pfx?, password })
}
