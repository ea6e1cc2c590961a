"""A browser without JavaScript, which signs a user in with the forms of a peer's own pages."""

import html.parser
import http.cookiejar
import urllib.error
import urllib.parse
import urllib.request

from harness.process import PeerFailed

STEPS_MAX = 12


class _Form(html.parser.HTMLParser):
    """The first form of a page, with its first named submit button."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields, self.button, self._inside = None, {}, None, False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form" and self.action is None:
            self.action, self._inside = attributes.get("action", ""), True
        elif not self._inside or attributes.get("type") == "checkbox":
            return
        elif tag == "input" and attributes.get("name") and attributes.get("type") != "submit":
            self.fields[attributes["name"]] = attributes.get("value") or ""
        elif tag == "button" and attributes.get("type", "submit") == "submit" and self.button is None:
            self.button = (attributes.get("name"), attributes.get("value") or "")

    def handle_endtag(self, tag):
        self._inside = self._inside and tag != "form"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    """Keeps its cookies, so that only the first sign-in needs the password. `typed` are the user's inputs by field."""

    def __init__(self, typed):
        self.typed = typed
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies, _NoRedirect())

    def authorize(self, url, redirect_uri):
        """Returns the authorization code that the client receives at its redirect URI."""
        fields = None
        for _ in range(STEPS_MAX):
            status, location, page = self._send(url, fields)
            if location:
                url, fields = urllib.parse.urljoin(url, location), None
                if url.startswith(redirect_uri):
                    return _code(url)
                continue
            form = _Form(page)
            if form.action is None:
                raise PeerFailed(f"no form at {url}, status {status}:\n{page}")
            url = urllib.parse.urljoin(url, form.action)
            fields = form.fields | {name: value for name, value in self.typed.items() if name in form.fields}
            if form.button and form.button[0]:
                fields[form.button[0]] = form.button[1]
        raise PeerFailed(f"no code after {STEPS_MAX} pages; the last was:\n{page}")

    def _send(self, url, fields):
        body = None if fields is None else urllib.parse.urlencode(fields).encode()
        try:
            with self._opener.open(url, body, timeout=30) as answer:
                return answer.status, None, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get("location"), error.read().decode()


def _code(url):
    parameters = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    if "code" not in parameters:
        raise PeerFailed(f"the authorization request is refused: {parameters}")
    return parameters["code"]
