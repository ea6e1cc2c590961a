"""A browser without JavaScript: fills in the forms of the real pages, as a user would."""

from html.parser import HTMLParser
from urllib.parse import parse_qs, parse_qsl, urljoin, urlsplit

from lab import http

STEPS_MAX = 12


class Form(HTMLParser):
    """The first form of a page: its action, its fields, and the value of its first submit button."""

    def __init__(self, page, url):
        super().__init__()
        self.action, self.fields, self.button, self.buttons = None, {}, None, []
        self._inside = False
        self.feed(page)
        self.url = urljoin(url, self.action) if self.action is not None else None

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form" and self.action is None:
            self.action, self._inside = attributes.get("action", ""), True
        elif not self._inside:
            return
        elif tag == "input" and attributes.get("name") and attributes.get("type") not in ("checkbox", "submit"):
            self.fields[attributes["name"]] = attributes.get("value") or ""
        elif tag == "button" and attributes.get("type", "submit") == "submit":
            self.buttons.append((attributes.get("name"), attributes.get("value")))

    def handle_endtag(self, tag):
        if tag == "form":
            self._inside = False


class Browser:
    """Keeps its cookies between visits. `typed` lists the fields that the user filled in."""

    def __init__(self, user, password=None):
        self.user, self.password = user["upn"], password or user["password"]
        self.http = http()
        self.typed = []

    def go(self, url, until):
        """Follows pages and redirects from `url` to the first address for which `until(url)` is true. Returns that address
        and the fields that were posted to it."""
        return self._walk(url, until)

    def sign_in(self, url, redirect_uri):
        """Returns the parameters that the application receives at its redirect URI."""
        at, posted = self.go(url, lambda reached: reached.split("?")[0].split("#")[0].rstrip("/") == redirect_uri.rstrip("/"))
        parts = urlsplit(at)
        return posted or dict(parse_qsl(parts.query) or parse_qsl(parts.fragment))

    def submit(self, url, **typed):
        """Opens a page, signs in if necessary, fills in its form and returns the next page."""
        page = self._read(url, set(typed))
        form = Form(page.text, str(page.url))
        missing = set(typed) - set(form.fields)
        assert not missing, f"the page has no {missing}: {page.text}"
        page = self.http.post(form.url, data=form.fields | typed)
        return self._follow(page)

    def until_there_is_nothing_to_do(self, page):
        """Submits forms, starting with this page, until a page has none."""
        for _ in range(STEPS_MAX):
            page = self._follow(page)
            form = Form(page.text, str(page.url))
            if form.url is None:
                assert page.is_success and 'role="alert"' not in page.text, page.text
                return page
            page = self._send(form, page)
        raise AssertionError("asked for ever more")

    def _follow(self, answer):
        for _ in range(STEPS_MAX):
            if not answer.has_redirect_location:
                return answer
            answer = self.http.get(urljoin(str(answer.url), answer.headers["location"]))
        raise AssertionError("redirected in circles")

    def _read(self, url, wanted):
        page = self._follow(self.http.get(url))
        for _ in range(STEPS_MAX):
            form = Form(page.text, str(page.url))
            if form.url is None or wanted & set(form.fields):
                return page
            page = self._follow(self._send(form, page))
        raise AssertionError("asked for ever more")

    def _send(self, form, page):
        fields = dict(form.fields)
        if "loginfmt" in fields or "passwd" in fields:
            # Without this check, a rejected sign-in would be repeated forever.
            assert 'role="alert"' not in page.text, f"refused: {page.text}"
            typed = {"loginfmt": self.user, "passwd": self.password}
            self.typed += [name for name in typed if name in fields]
            fields |= {name: value for name, value in typed.items() if name in fields}
        if form.buttons and form.buttons[0][0]:
            name, value = form.buttons[0]
            self.typed.append(f"{name}={value}")
            fields[name] = value
        return self.http.post(form.url, data=fields)

    def _walk(self, url, until):
        if until(url):
            return url, None
        answer = self.http.get(url)
        for _ in range(STEPS_MAX):
            if answer.has_redirect_location:
                url = urljoin(str(answer.url), answer.headers["location"])
                if until(url):
                    return url, None
                answer = self.http.get(url)
                continue
            form = Form(answer.text, str(answer.url))
            assert form.url is not None, f"{answer.status_code} and no way on: {answer.text}"
            if until(form.url):
                return form.url, dict(form.fields)
            answer = self._send(form, answer)
        raise AssertionError("asked for ever more")


def query(url):
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
