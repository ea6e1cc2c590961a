"""Continuous access evaluation by MSAL, and security event tokens read by PyJWT."""

import base64
import http.server
import json
import os
import queue
import re
import ssl
import threading

import httpx
import jwt
import msal
from lab import CA, IDP, ORDERS
from lab import http as client
from test_msal_confidential import signed_in as confidential
from test_msal_public import signed_in as public

READ = [f"{ORDERS}/Orders.Read"]
CAPABLE = {"instance_discovery": False, "verify": CA, "client_capabilities": ["cp1"]}


def orders(tenant, token):
    url = f"{tenant.facts['urls']['resource']}/orders"
    return httpx.get(url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=60)


def challenged(tenant, token):
    """Returns the claims in the challenge of the API."""
    answer = orders(tenant, token)
    assert answer.status_code == 401, answer.text
    header = answer.headers["www-authenticate"]
    assert 'error="insufficient_claims"' in header, header
    return base64.b64decode(re.search('claims="([^"]+)"', header)[1]).decode()


def lives_a_day(result):
    assert "access_token" in result, result
    assert 20 * 3600 <= result["expires_in"] <= 28 * 3600, result["expires_in"]
    return result["access_token"]


def test_a_confidential_client_meets_the_challenge_after_a_password_change(tenant, owner):
    registered = tenant.application("Contoso Orders Connector")
    app = msal.ConfidentialClientApplication(
        registered["client_id"], client_credential=registered["secret"], authority=tenant.authority, **CAPABLE
    )
    token = lives_a_day(confidential(app, tenant, owner))
    assert orders(tenant, token).status_code == 200
    tenant.advance("PT1M")
    tenant.event("password_change", user="owner")
    claims = challenged(tenant, token)
    [account] = app.get_accounts()
    renewed = app.acquire_token_silent_with_error(READ, account, claims_challenge=claims)
    assert orders(tenant, lives_a_day(renewed)).status_code == 200


def test_a_public_client_has_to_ask_its_user(tenant, owner):
    app = msal.PublicClientApplication(
        tenant.application("Orders Desktop")["client_id"], authority=tenant.authority, **CAPABLE
    )
    token = lives_a_day(public(app, owner))
    tenant.advance("PT1M")
    tenant.event("password_change", user="owner")
    claims = challenged(tenant, token)
    [account] = app.get_accounts()
    refused = app.acquire_token_silent_with_error(READ, account, claims_challenge=claims)
    assert (refused["error"], refused["suberror"], refused["error_codes"]) == ("invalid_grant", "bad_token", [50173])


def test_a_security_event_is_valid_to_another_library(tenant):
    received = queue.Queue()

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            received.put((self.headers["Content-Type"], self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    api = tenant.application("Contoso Orders API")["client_id"]
    stream = {"endpoint": f"http://127.0.0.1:{server.server_port}/events"}
    key = {"Authorization": f"Lab {os.environ['SUITE_LAB_KEY']}"}
    answer = client().put(f"{IDP}/_lab/tenants/{tenant.id}/event-streams/{api}", json=stream, headers=key)
    assert answer.status_code == 200, answer.text
    tenant.event("revoke_sessions", user="owner", by="admin")
    kind, token = received.get(timeout=30)
    server.shutdown()
    assert kind == "application/secevent+jwt"
    document = client().get(f"{tenant.authority}/v2.0/.well-known/openid-configuration").json()
    keys = jwt.PyJWKClient(document["jwks_uri"], ssl_context=ssl.create_default_context(cafile=CA))
    required = {"require": ["iss", "aud", "iat", "jti"]}
    key = keys.get_signing_key_from_jwt(token)
    # The lab raises events at least one second apart, so the tenant's time is slightly ahead of the wall time.
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=api, options=required, leeway=60)
    assert jwt.get_unverified_header(token)["typ"] == "secevent+jwt"
    assert claims["sub_id"] == {"format": "opaque", "id": tenant.user("owner")["id"]}, json.dumps(claims)
    [(name, event)] = claims["events"].items()
    assert (name.rsplit("/", 1)[1], event["initiating_entity"]) == ("session-revoked", "admin")
