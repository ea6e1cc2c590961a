//! The verb `create_certificate`.

use outlive_clock::Span;
use outlive_tokens::{Pfx, SigningKey};
use serde::Deserialize;
use serde_json::json;
use serde_saphyr::Spanned;

use super::Verb;
use crate::diagnostic::Position;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{ScenarioCertificate, StepError, World};
use crate::seed::draw_client_secret;
use crate::tenants::REGISTER_API_CERTIFICATE;

/// A certificate with its key is created: `${certificate.NAME.pfx}` is both as a PKCS#12 file in
/// base64, `.password` its password, `.key` the certificate alone in base64. With `api` the orders
/// API accepts it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateCertificate {
    /// Its name.
    name: Spanned<String>,
    /// How long it is valid (virtual time).
    #[serde(default = "one_year")]
    lifetime: Spanned<Span>,
    /// Whether the orders API accepts it from clients.
    #[serde(default)]
    api: bool,
}

fn one_year() -> Spanned<Span> {
    let unknown = serde_saphyr::Location::UNKNOWN;
    Spanned::new(Span::from_days(365), unknown, unknown)
}

impl Verb for CreateCertificate {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if self.name.value.is_empty() || self.name.value.len() > 64 || !self.name.value.chars().all(valid) {
            let message = format!("'{}' cannot be the name of a certificate", self.name.value);
            checker.wrong_at(Position::of(&self.name), message, "write 1 to 64 letters, digits, - or _");
        }
        if self.lifetime.value < Span::from_seconds(1) || self.lifetime.value > Span::from_days(3_650) {
            let message = format!("a certificate cannot be valid for {}", self.lifetime.value);
            checker.wrong_at(Position::of(&self.lifetime), message, "write PT1S to P3650D");
        }
        checker.known.add(Kind::Certificate, &self.name);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let name = &self.name.value;
        let (from, until) = (world.now, world.now + self.lifetime.value);
        let mut stream = world.random.stream("scenario-certificate");
        let subject = name.clone();
        let key =
            tokio::task::spawn_blocking(move || SigningKey::generate_for(&subject, &mut stream, from, until));
        let key = key.await??;
        let password = draw_client_secret(&mut world.random.stream("scenario-certificate-password"));
        let certificate = ScenarioCertificate {
            pfx: Pfx::write(&key, &password)?,
            password,
            key: base64::Engine::encode(&base64::engine::general_purpose::STANDARD, key.certificate_der()),
        };
        if self.api {
            let event =
                json!({"type": REGISTER_API_CERTIFICATE, "name": name, "certificate": certificate.pem()});
            world.lab.raise(world.tenant(), &event).await?;
            world.now = world.lab.clock(world.tenant()).await?.now;
            recorder.note(format!("the orders API accepts the certificate '{name}' until {until}"));
        } else {
            recorder.note(format!("the certificate '{name}' is valid until {until}"));
        }
        world.certificates.insert(name.clone(), certificate);
        Ok(())
    }
}
