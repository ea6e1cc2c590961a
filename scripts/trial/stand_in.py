"""A stand-in for every back end and identity provider."""

import http.server
import json


class StandIn(http.server.BaseHTTPRequestHandler):
    """Answers token requests with new tokens, and everything else with an empty object."""

    protocol_version = "HTTP/1.1"
    calls, codes, tokens = [], set(), set()

    def answer(self):
        length = int(self.headers.get("content-length") or 0)
        if "chunked" in (self.headers.get("transfer-encoding") or ""):
            body = b""
            while (size := int(self.rfile.readline().split(b";")[0], 16)) > 0:
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(length)
        text = self.path + "\n" + body.decode("utf-8", "replace")
        answer = {}
        if any(code in text for code in self.codes) or "client_credentials" in text:
            token = f"stand-in-token-{len(self.tokens)}"
            self.tokens.add(token)
            answer = {"token_type": "Bearer", "expires_in": 3600, "access_token": token, "refresh_token": "stand-in-refresh"}
        else:
            self.calls.append({"method": self.command, "path": self.path, "headers": dict(self.headers.items()), "body": body})
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer

    def log_message(self, *_):
        pass
