"""A test double: a proxy in front of the identity provider that signs every token with its own key, publishes that key instead
of the identity provider's, and changes tokens and documents of the tenants for which faults are set.

`PUT /_faults/{tenant}` sets the faults:
  {"claims": {"aud": "…"}}   values for claims of ID tokens and access tokens; null removes the claim
  {"key": "unpublished"}     tokens are signed with an unpublished key and an unpublished `kid`
  {"key": "forged"}          tokens are signed with an unpublished key and the published `kid`
  {"issuer": "https://…"}    the issuer in the discovery document
  {}                         none: clients must accept the tokens, otherwise their rejections would prove nothing
"""

import argparse
import base64
import http.client
import http.server
import json
import ssl
import urllib.parse

import jwt
from certificates import certificate, new_key

# Headers of the connection, which a proxy does not forward.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "host", "accept-encoding"}
KID = "the-proxys-key"


class MisbehavingIssuer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    key, unpublished, faults = new_key(), new_key(), {}
    issuer = own = trusting = None

    def do_GET(self):
        self.forward()

    do_POST = do_OPTIONS = do_GET

    def do_PUT(self):
        self.faults[self.path.removeprefix("/_faults/")] = json.loads(self.body())
        self.answer(204, [], b"")

    def body(self):
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def forward(self):
        host = urllib.parse.urlsplit(self.issuer).netloc
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        # By TLS, because the identity provider's cookies and URLs depend on the scheme.
        behind = http.client.HTTPSConnection(host, timeout=60, context=self.trusting)
        try:
            behind.request(self.command, self.path, self.body(), headers | {"Host": host})
            answer = behind.getresponse()
            body = answer.read()
        finally:
            behind.close()
        faults = self.faults.get(self.path.split("/")[1].split("?")[0], {})
        if answer.status == 200 and "json" in (answer.headers.get("content-type") or ""):
            body = json.dumps(self.altered(json.loads(body), faults)).encode()
        kept = [(name, self.renamed(value)) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
        self.answer(answer.status, kept, body)

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def renamed(self, text):
        return text.replace(self.issuer, self.own)

    def altered(self, document, faults):
        if isinstance(document.get("keys"), list):
            return {"keys": [self.published()]}
        for name in ("id_token", "access_token"):
            if name in document:
                document[name] = self.sign_again(document[name], faults)
        document = json.loads(self.renamed(json.dumps(document)))
        if "issuer" in document and "issuer" in faults:
            document["issuer"] = faults["issuer"]
        return document

    def published(self):
        numbers = self.key.public_key().public_numbers()

        def encoded(number):
            return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()

        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KID, "n": encoded(numbers.n), "e": encoded(numbers.e)}

    def sign_again(self, token, faults):
        claims = jwt.decode(token, options={"verify_signature": False})
        claims["iss"] = self.renamed(claims["iss"])
        claims |= faults.get("claims", {})
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.unpublished if faults.get("key") else self.key
        kid = "an-unpublished-key" if faults.get("key") == "unpublished" else KID
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--issuer", required=True)
    arguments.add_argument("--authority", required=True)
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--certificate", required=True)
    arguments = arguments.parse_args()
    certificate(arguments.certificate, arguments.certificate + ".key", "misbehaving issuer")
    MisbehavingIssuer.issuer, MisbehavingIssuer.own = arguments.issuer, f"https://localhost:{arguments.port}"
    MisbehavingIssuer.trusting = ssl.create_default_context(cafile=arguments.authority)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(arguments.certificate, arguments.certificate + ".key")
    server = Server(("127.0.0.1", arguments.port), MisbehavingIssuer)
    # The handshake runs in the thread of its connection, so that it does not block others.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main()
