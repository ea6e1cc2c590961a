//! A software authenticator that can produce invalid responses.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::browser::{Arrival, Browser, Page};
use crate::tenant::{PASSWORD, Tenant};

pub(crate) struct Device {
    pair: EcdsaKeyPair,
    pub(crate) id: String,
    user: String,
    /// The origin that the browser reports.
    origin: String,
    pub(crate) uses: u32,
}

/// The content of a response, which tests modify.
pub(crate) struct Saying {
    pub(crate) client_data: Value,
    pub(crate) rp_id: String,
    pub(crate) flags: u8,
    pub(crate) uses: u32,
    pub(crate) id: String,
    pub(crate) user: Option<String>,
    pub(crate) spoil_signature: bool,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn options(page: &Page) -> Value {
    serde_json::from_str(page.field("options")).expect("JSON")
}

impl Device {
    pub(crate) fn new(tenant: &Tenant) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
        let id = encode(Sha256::digest(pair.public_key()));
        Self { pair, id, user: String::new(), origin: tenant.installation.url.clone(), uses: 0 }
    }

    /// Returns the form field that registers a passkey.
    pub(crate) fn make(&mut self, page: &Page, lie: impl FnOnce(&mut Saying)) -> String {
        let options = options(page);
        options["user"]["id"].as_str().expect("a handle").clone_into(&mut self.user);
        let mut saying = self.saying("webauthn.create", &options, options["rp"]["id"].as_str());
        saying.flags |= 0x40;
        lie(&mut saying);
        let point = self.pair.public_key().as_ref();
        let mut data = authenticator_data(&saying);
        data.extend([0; 16]);
        data.extend([0, 32]);
        data.extend(URL_SAFE_NO_PAD.decode(&self.id).expect("base64url"));
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..]);
        let length = u8::try_from(data.len()).expect("short");
        let object =
            [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".as_slice(), &[length], &data].concat();
        let client_data = encode(saying.client_data.to_string());
        json!({
            "id": saying.id, "rawId": saying.id, "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": client_data, "attestationObject": encode(object), "transports": ["usb"],
            },
        })
        .to_string()
    }

    /// Returns the form field that signs in.
    pub(crate) fn sign(&mut self, page: &Page, lie: impl FnOnce(&mut Saying)) -> String {
        let options = options(page);
        self.uses += 1;
        let mut saying = self.saying("webauthn.get", &options, options["rpId"].as_str());
        lie(&mut saying);
        let client_data = saying.client_data.to_string();
        let data = authenticator_data(&saying);
        let signed = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        let mut signature = self.pair.sign(&SystemRandom::new(), &signed).expect("signed").as_ref().to_vec();
        if saying.spoil_signature {
            *signature.last_mut().expect("bytes") ^= 1;
        }
        json!({
            "id": saying.id, "rawId": saying.id, "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encode(client_data), "authenticatorData": encode(data),
                "signature": encode(signature), "userHandle": saying.user,
            },
        })
        .to_string()
    }

    fn saying(&self, kind: &str, options: &Value, rp_id: Option<&str>) -> Saying {
        Saying {
            client_data: json!({
                "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false,
            }),
            rp_id: rp_id.expect("a name").to_owned(),
            flags: 0x05,
            uses: self.uses,
            id: self.id.clone(),
            user: Some(self.user.clone()),
            spoil_signature: false,
        }
    }
}

fn authenticator_data(saying: &Saying) -> Vec<u8> {
    let mut data = Sha256::digest(&saying.rp_id).to_vec();
    data.push(saying.flags);
    data.extend(saying.uses.to_be_bytes());
    data
}

/// Returns the security info page of a user who signed in by password.
pub(crate) async fn security_info(tenant: &Tenant, browser: &mut Browser, role: &str) -> Page {
    let page = browser.open(&format!("/{}/security-info", tenant.id())).await.page();
    let page = match page.heading.as_str() {
        "Sign in" => browser.sign_in(&page, &tenant.upn(role), PASSWORD).await.page(),
        _ => page,
    };
    assert_eq!(page.heading, "Security info");
    page
}

/// Returns a device with a registered passkey of this user.
pub(crate) async fn register_device(tenant: &Tenant, role: &str) -> Device {
    let mut browser = tenant.browser();
    let page = security_info(tenant, &mut browser, role).await;
    let mut device = Device::new(tenant);
    let credential = device.make(&page, |_| ());
    let page = browser.submit(&page, &[("credential", &credential), ("name", "A key")]).await.page();
    assert_eq!((page.answer.status, page.heading.as_str()), (200, "Security info"), "{page:?}");
    assert!(page.answer.text.contains("A key"), "{page:?}");
    device
}

/// Returns the passkey page for an authorization request.
pub(crate) async fn passkey_page(browser: &mut Browser, url: &str, upn: &str) -> Page {
    let page = browser.open(url).await.page();
    assert_eq!(page.heading, "Sign in");
    let mut fields = page.fields.clone();
    fields.retain(|(name, _)| name != "loginfmt");
    fields.extend([("loginfmt", upn), ("passkey", "1")].map(|(name, value)| (name.into(), value.into())));
    let page = browser.post(&page.action, &fields).await.page();
    assert_eq!(page.heading, "Sign in with a passkey", "{page:?}");
    page
}

/// Signs in by passkey, as a named user or by discoverable credential.
pub(crate) async fn sign_in(device: &mut Device, browser: &mut Browser, url: &str, upn: &str) -> Arrival {
    let page = passkey_page(browser, url, upn).await;
    let credential = device.sign(&page, |_| ());
    browser.submit(&page, &[("credential", &credential)]).await
}
