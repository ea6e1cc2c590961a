"""Requests to Outlive, and a browser for its pages."""

import html.parser
import json
import re
import urllib.error
import urllib.parse
import urllib.request


class Failed(Exception):
    """A connector does not work; the text is the reason."""


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))


def send(method, url, body=None, token=None, form=None, headers=None):
    """Sends a request. Returns status, headers and text."""
    data = None
    headers = dict(headers or {})
    if body is not None:
        data, headers["content-type"] = json.dumps(body).encode(), "application/json"
    if form is not None:
        data = urllib.parse.urlencode(form).encode()
    if token:
        headers["authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with OPENER.open(request, timeout=60) as response:
            return response.status, response.headers, response.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode("utf-8", "replace")


def expect(what, answer, *statuses):
    status, _, text = answer
    if status not in statuses:
        raise Failed(f"{what}: {status} {' '.join(text.split())[:600]}")
    return json.loads(text) if text.startswith(("{", "[")) else text


def plain(page):
    return " ".join(re.sub(r"<style.*?</style>|<[^>]*>", " ", page, flags=re.S).split())[:300]


class Form(html.parser.HTMLParser):
    """Reads the first form of a page, with the first of its submit buttons."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields, self.is_open, self.submits = None, {}, False, False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form" and self.action is None:
            self.action, self.is_open = attributes.get("action") or "", True
        elif self.is_open and tag in ("input", "button"):
            is_button = tag == "button" or attributes.get("type") == "submit"
            if is_button and self.submits:
                return
            self.submits = self.submits or is_button
            if attributes.get("name") and attributes.get("type") not in ("checkbox", "radio"):
                self.fields[attributes["name"]] = attributes.get("value") or ""

    def handle_endtag(self, tag):
        self.is_open = self.is_open and tag != "form"


def browse(url, user, hub):
    """Signs in at Outlive's pages. Returns the redirect URI, the code and the state."""
    cookies, form = {}, None
    for _ in range(12):
        given = {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
        status, headers, text = send("POST" if form else "GET", url, form=form, headers=given)
        for cookie in headers.get_all("set-cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            cookies[name] = value
        if status in (302, 303):
            url, form = urllib.parse.urljoin(url, headers["location"]), None
            if url.startswith(hub):
                query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
                if "code" not in query:
                    raise Failed(f"sign in: {query.get('error_description') or query}")
                return url.split("?")[0], query["code"], query["state"]
            continue
        page = Form(text)
        if status != 200 or page.action is None:
            raise Failed(f"sign in: {status} {plain(text)}")
        form = dict(page.fields)
        form.update({name: value for name, value in (("loginfmt", user["upn"]), ("passwd", user["password"])) if name in form})
        url = urllib.parse.urljoin(url, page.action)
    raise Failed(f"sign in: it does not end: {plain(text)}")
