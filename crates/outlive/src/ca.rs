//! `outlive ca`: the certificate of the local authority, and how to trust it.

use std::path::Path;

use outlive_chassis::{LocalAuthority, StartError};
use serde_json::json;

use crate::cli::FormatArgs;
use crate::terminal::print_line;

/// Prints the path of the certificate and, unless `path_only`, how to trust it.
pub(crate) fn ca(data: &Path, path_only: bool, format: &FormatArgs) -> Result<(), StartError> {
    let authority = LocalAuthority::open(data, &[])?;
    let path = authority.certificate_path();
    // Clients are started in other directories, so they need the absolute path.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let path = path.display().to_string();
    print_line(&match (path_only, format.is_json()) {
        (_, true) => json!({ "ca": path }).to_string(),
        (true, false) => path,
        (false, false) => trust(&path),
    });
    Ok(())
}

fn trust(path: &str) -> String {
    format!(
        r#"The certificate of the local authority: {path}

It is valid for this machine and for the names given with --hosts only. Trust it only on test machines:
anyone who can read ca.key in the same directory can impersonate these names.

  curl       curl --cacert '{path}' https://localhost:8743/healthz
  Python     export REQUESTS_CA_BUNDLE='{path}' SSL_CERT_FILE='{path}'
             (requests, and so MSAL, read the first; httpx, urllib and aiohttp the second)
  Node.js    export NODE_EXTRA_CA_CERTS='{path}'
  Go         export SSL_CERT_FILE='{path}'   (Linux; elsewhere Go asks the system's store)
  Java       keytool -importcert -noprompt -alias outlive -file '{path}' -keystore outlive.p12 -storetype PKCS12 -storepass outlive
             java -Djavax.net.ssl.trustStore=outlive.p12 -Djavax.net.ssl.trustStorePassword=outlive ...
  browsers   Firefox: Settings, Privacy & Security, View Certificates, Authorities, Import
             Chromium on Linux: certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n Outlive -i '{path}'
             Chrome, Edge and Safari elsewhere use the system's store
  system     Debian, Ubuntu: sudo cp '{path}' /usr/local/share/ca-certificates/outlive.crt && sudo update-ca-certificates
             Fedora: sudo trust anchor '{path}'
             macOS: security add-trusted-cert -k ~/Library/Keychains/login.keychain-db '{path}'
             Windows: certutil -user -addstore Root "{path}"

SSL_CERT_FILE and REQUESTS_CA_BUNDLE replace the public authorities: set them for the program under test only."#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_in_the_instructions_of_every_client() {
        let text = trust("/lab/ca.pem");
        for named in [
            "--cacert '/lab/ca.pem'",
            "REQUESTS_CA_BUNDLE='/lab/ca.pem'",
            "SSL_CERT_FILE='/lab/ca.pem'",
            "NODE_EXTRA_CA_CERTS='/lab/ca.pem'",
            "-file '/lab/ca.pem'",
            "-i '/lab/ca.pem'",
        ] {
            assert!(text.contains(named), "{named}");
        }
    }
}
