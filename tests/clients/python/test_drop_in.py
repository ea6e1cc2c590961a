"""Drop-in mode: the identity provider answers to the host names of the public cloud. MSAL is configured only with a trusted
certificate authority; name resolution is changed in this process, as the hosts file would change it for the machine."""

import asyncio
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import uuid

import anyio
import httpx
import jwt
import msal
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import UsernamePasswordCredential
from forms import Browser
from msgraph import GraphServiceClient
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.users.item.change_password.change_password_post_request_body import ChangePasswordPostRequestBody

LOGIN, GRAPH = "login.microsoftonline.com", "graph.microsoft.com"
PASSWORD = "Correct-Horse-7-Battery"
GRAPH_ID = "00000003-0000-0000-c000-000000000000"
REDIRECT = "http://localhost:51236"


class Cloud:
    """A tenant of an identity provider that answers to the host names of the public cloud, at port 443 as programs see it."""

    def __init__(self, directory):
        with socket.socket() as plain, socket.socket() as tls:
            plain.bind(("127.0.0.1", 0))
            tls.bind(("127.0.0.1", 0))
            self.plain, self.tls = plain.getsockname()[1], tls.getsockname()[1]
        data = pathlib.Path(directory) / "data"
        command = [os.environ["OUTLIVE_BIN"], "idp", "--data", data, "--listen", f"127.0.0.1:{self.plain}"]
        command += ["--tls-listen", f"127.0.0.1:{self.tls}", "--hosts", f"{LOGIN},{GRAPH}"]
        own = f"http://127.0.0.1:{self.plain}"
        names = f"https://{LOGIN},https://{GRAPH}"
        command += ["--idp-url", own, "--origins", names, "--issuer-origins", f"{names},{own}"]
        self.log = pathlib.Path(directory) / "log"
        self.process = subprocess.Popen(command, stdout=self.log.open("w"), stderr=subprocess.STDOUT)
        self.authority = str(data / "ca.pem")
        self.lab_key = data / "lab-key"
        self.tenant, self.client, self.user = (str(uuid.uuid4()) for _ in range(3))
        self.upn = "owner@contoso.example"

    def make_tenant(self):
        application = {
            "client_id": self.client, "object_id": str(uuid.uuid4()), "service_principal_id": str(uuid.uuid4()),
            "name": "Orders Desktop", "kind": "public", "redirect_uris": [{"uri": "http://localhost", "type": "publicClient"}],
            "required": [{"resource": GRAPH_ID, "scopes": ["Directory.AccessAsUser.All", "User.Read"]}], "admin_consented": True, "allow_public_client": True,
        }  # fmt: skip
        person = {"id": self.user, "upn": self.upn, "display_name": "Owner", "role": "owner", "password": PASSWORD}
        spec = {
            "clock": {"now": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "speed": 0},
            "domain": "contoso.example", "display_name": "Contoso", "edition": "2025-11",
            "users": [person], "applications": [application],
        }  # fmt: skip
        url = f"http://127.0.0.1:{self.plain}/_lab/tenants/{self.tenant}"
        until = time.monotonic() + 60
        while True:
            try:
                key = {"Authorization": f"Lab {self.lab_key.read_text()}"}
                made = httpx.put(url, json=spec, headers=key, trust_env=False)
                break
            except (httpx.TransportError, FileNotFoundError):
                assert self.process.poll() is None and time.monotonic() < until, self.log.read_text()
                time.sleep(0.1)
        assert made.status_code == 201, made.text


@pytest.fixture
def cloud(monkeypatch):
    with tempfile.TemporaryDirectory(prefix="outlive-cloud-") as directory:
        made = Cloud(directory)
        try:
            made.make_tenant()
            resolve = socket.getaddrinfo

            def resolved(host, port, *how, **more):
                if host in (LOGIN, GRAPH):
                    assert int(port) == 443, "at the port of https"
                    host, port = "127.0.0.1", made.tls
                return resolve(host, port, *how, **more)

            # httpx with asyncio uses only the address from the resolver.
            connect = anyio.connect_tcp

            async def connected(remote_host, remote_port, **more):
                assert (remote_host in (LOGIN, GRAPH), remote_port) == (True, 443)
                return await connect("127.0.0.1", made.tls, **more)

            monkeypatch.setattr(socket, "getaddrinfo", resolved)
            monkeypatch.setattr(anyio, "connect_tcp", connected)
            monkeypatch.setattr("lab.CA", made.authority)
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", made.authority)
            monkeypatch.setenv("SSL_CERT_FILE", made.authority)
            yield made
        finally:
            made.process.send_signal(signal.SIGTERM)
            made.process.wait(20)


def signed_in(cloud, app):
    flow = app.initiate_auth_code_flow(["User.Read"], redirect_uri=REDIRECT)
    assert flow["auth_uri"].startswith(f"https://{LOGIN}/")
    answer = Browser({"upn": cloud.upn, "password": PASSWORD}).sign_in(flow["auth_uri"], REDIRECT)
    result = app.acquire_token_by_auth_code_flow(flow, answer)
    assert "access_token" in result, result
    return result


def test_msal_signs_in_with_instance_discovery_under_the_name_of_the_original(cloud):
    # Only client and tenant are configured.
    app = msal.PublicClientApplication(cloud.client, authority=f"https://{LOGIN}/{cloud.tenant}")
    result = signed_in(cloud, app)
    assert result["id_token_claims"]["iss"] == f"https://{LOGIN}/{cloud.tenant}/v2.0"
    [account] = app.get_accounts()
    assert account["environment"] == LOGIN
    # The search for tokens under the aliases of the cloud requests instance metadata.
    renewed = app.acquire_token_silent(["User.Read"], account, force_refresh=True)
    assert renewed["token_source"] == "identity_provider"


def test_msal_asks_the_cloud_about_a_host_that_it_does_not_know(cloud):
    """With instance discovery, the cloud is asked about an authority that is not one of Microsoft's hosts."""
    with pytest.raises(ValueError, match="invalid_instance"):
        msal.PublicClientApplication(cloud.client, authority=f"https://elsewhere.example/{cloud.tenant}")


# Before MSAL for Python sends a name and a password, it requests the user's realm from the authority's host without its port,
# so this works only at port 443.


def test_msal_name_and_password(cloud):
    app = msal.PublicClientApplication(cloud.client, authority=f"https://{LOGIN}/{cloud.tenant}")
    result = app.acquire_token_by_username_password(cloud.upn, PASSWORD, ["User.Read"])
    assert result["id_token_claims"]["oid"] == cloud.user, result
    [account] = app.get_accounts()
    assert app.acquire_token_silent(["User.Read"], account, force_refresh=True)["token_source"] == "identity_provider"
    wrong = app.acquire_token_by_username_password(cloud.upn, "not the password", ["User.Read"])
    assert (wrong["error"], wrong["error_codes"]) == ("invalid_grant", [50126]), wrong


def test_azure_identity_name_and_password(cloud):
    def with_password(password):
        return UsernamePasswordCredential(cloud.client, cloud.upn, password, tenant_id=cloud.tenant)

    token = with_password(PASSWORD).get_token("User.Read").token
    assert jwt.decode(token, options={"verify_signature": False})["oid"] == cloud.user
    with pytest.raises(ClientAuthenticationError, match="AADSTS50126"):
        with_password("not the password").get_token("User.Read")


def test_graph_answers_by_its_own_name(cloud):
    token = signed_in(cloud, msal.PublicClientApplication(cloud.client, authority=f"https://{LOGIN}/{cloud.tenant}"))
    me = requests.get(f"https://{GRAPH}/v1.0/me", headers={"Authorization": f"Bearer {token['access_token']}"}, timeout=30)
    assert me.status_code == 200, me.text
    assert me.json()["id"] == cloud.user


def test_msgraph_sdk_knows_no_other_address(cloud):
    """The unmodified Microsoft Graph SDK reads the signed-in user, changes the password and revokes the sessions."""
    credential = UsernamePasswordCredential(cloud.client, cloud.upn, PASSWORD, tenant_id=cloud.tenant)

    async def conversation():
        graph = GraphServiceClient(credential, scopes=[f"https://{GRAPH}/.default"])
        me = await graph.me.get()
        assert (me.id, me.user_principal_name) == (cloud.user, cloud.upn)
        change = ChangePasswordPostRequestBody(current_password=PASSWORD, new_password="Another-Staple-8-Horse")
        await graph.me.change_password.post(change)
        with pytest.raises(ODataError) as refused:
            await graph.me.change_password.post(change)
        assert refused.value.response_status_code == 400
        assert refused.value.error.code and refused.value.error.message
        revoked = await graph.me.revoke_sign_in_sessions.post()
        assert revoked.value is True

    asyncio.run(conversation())
    again = msal.PublicClientApplication(cloud.client, authority=f"https://{LOGIN}/{cloud.tenant}")
    refused = again.acquire_token_by_username_password(cloud.upn, PASSWORD, ["User.Read"])
    assert refused["error_codes"] == [50126], refused
