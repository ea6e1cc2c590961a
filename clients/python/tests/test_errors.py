"""Errors of the lab, and names that do not exist."""

import http.server
import socket
import socketserver
import threading

import pytest
from outlive import ForgedToken, Lab, LabError, NotFoundError
from outlive.credentials import known_fields


def test_a_refusal_has_title_detail_and_status(outlive):
    with pytest.raises(LabError) as raised:
        outlive.tenant(rules="1999")
    error = raised.value
    assert (error.title, error.status) == ("Refused", 400)
    assert "1999" in error.detail and error.detail in str(error)


def test_an_unknown_option_may_be_that_of_a_newer_program(outlive):
    with pytest.raises(LabError, match="older than this package") as raised:
        outlive.tenant(weather="rain")
    assert "weather" in raised.value.detail


def test_a_tenant_that_is_gone_says_what_to_do(tenant):
    tenant.delete()
    tenant.delete()
    with pytest.raises(LabError, match="longer `lifetime`") as raised:
        tenant.advance("PT1H")
    assert (raised.value.title, raised.value.status) == ("TenantNotFound", 404)


def test_a_lab_that_does_not_answer_is_named():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(LabError, match="outlive up") as raised:
            Lab.against(f"http://127.0.0.1:{bound.getsockname()[1]}")
    assert (raised.value.title, raised.value.status) == ("NoAnswer", None)


@pytest.mark.parametrize("url", ["", "127.0.0.1:8700", "ftp://127.0.0.1", "http://", "http://[::1", "http://127.0.0.1:abc"])
def test_what_is_no_address_is_rejected(url):
    with pytest.raises(LabError, match="is not the address of a lab"):
        Lab.against(url)


@pytest.mark.parametrize(
    "response",
    [b"HELLO\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}", b"HTTP/1.1 500 Oops\r\ncontent-length: 9\r\n\r\n{}"],
    ids=["no status line", "a short body", "a short body of an error"],
)
def test_a_broken_response_is_an_error_of_the_lab(response):
    class Broken(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(65_536)
            self.request.sendall(response)

    with socketserver.TCPServer(("127.0.0.1", 0), Broken) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        with pytest.raises(LabError, match="does not answer GET /lab/tenants: (BadStatusLine|IncompleteRead)"):
            Lab.against(f"http://127.0.0.1:{server.server_address[1]}")


def test_only_moving_time_may_take_an_hour(tenant, monkeypatch):
    seconds = []
    send = tenant.lab.api._send
    monkeypatch.setattr(tenant.lab.api, "_send", lambda request, timeout: [seconds.append(timeout), send(request, timeout)][1])
    tenant.advance("PT1H")
    assert tenant.now
    assert seconds == [3_600, 120]


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, b"<html>", "no response of a lab: '<html>'"),
        (404, b"<html>", "status 404"),
        (200, b"[]", "is not a lab"),
        (500, b'{"error": "oops"}', "status 500"),
    ],
)
def test_another_server_is_no_lab(status, body, words):
    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(LabError, match=words) as raised:
            Lab.against(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
    assert raised.value.title == "NotALab"


@pytest.mark.parametrize(
    ("find", "existing"),
    [
        (lambda tenant: tenant.users["boss"], ["owner", "colleague", "admin"]),
        (lambda tenant: tenant.applications["Orders Phone"], ["Orders Desktop", "Nightly Job"]),
        (lambda tenant: tenant.connections["sales"], ["no connection at all"]),
        (lambda tenant: tenant.flows["Daily"], ["no flow at all"]),
        (lambda tenant: tenant.urls["mail"], ["idp_tls", "resource", "hub"]),
    ],
    ids=["user", "application", "connection", "flow", "URL"],
)
@pytest.mark.outlive(bare=True)
def test_a_wrong_name_lists_what_exists(tenant, find, existing):
    with pytest.raises(NotFoundError) as raised:
        find(tenant)
    assert isinstance(raised.value, LookupError)
    assert all(name in str(raised.value) for name in existing), raised.value


@pytest.mark.outlive(bare=True)
def test_a_wrong_name_in_a_verb_lists_what_exists(tenant):
    for act in (
        lambda: tenant.change_password("boss"),
        lambda: tenant.sign_in("boss", "Orders Desktop"),
        lambda: tenant.event("expire_secret", app="Orders Phone"),
        lambda: tenant.sign_in("owner", "Orders Phone"),
    ):
        with pytest.raises(LabError) as raised:
            act()
        message = str(raised.value)
        assert "boss" in message and "colleague" in message or "Orders Phone" in message and "Nightly Job" in message, message


def test_members_of_newer_programs_are_ignored():
    answer = {"token": "a.b.c", "header": {}, "claims": {"roles": ["x"]}, "key_is_published": True, "of_tomorrow": 1}
    assert known_fields(ForgedToken, answer) == ForgedToken("a.b.c", {}, {"roles": ["x"]}, key_is_published=True)
