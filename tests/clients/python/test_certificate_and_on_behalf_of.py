"""Confidential clients that authenticate by certificate, and APIs that act on behalf of their callers."""

import os
import pathlib

import msal
import pytest
from azure.identity import CertificateCredential, OnBehalfOfCredential
from certificates import certificate
from forms import Browser
from lab import CA, IDP, ORDERS
from test_azure_identity import claims
from test_device_code import shop
from test_msal_public import signed_in

DEFAULT, READ = f"{ORDERS}/.default", f"{ORDERS}/Orders.Read"
KEY, CERTIFICATE = (pathlib.Path(os.environ[name]).read_text() for name in ("SUITE_KEY", "SUITE_CERTIFICATE"))


def certified(tenant, name, key=KEY, public=CERTIFICATE, authority=None):
    return msal.ConfidentialClientApplication(
        tenant.application(name)["client_id"],
        # MSAL computes the thumbprint: SHA-256, PS256.
        client_credential={"private_key": key, "public_certificate": public},
        authority=authority or tenant.authority,
        instance_discovery=False,
        verify=CA,
    )


def test_msal_client_credentials_by_certificate(tenant, tmp_path):
    result = certified(tenant, "Certified Job").acquire_token_for_client([DEFAULT])
    assert result["token_source"] == "identity_provider", result
    certificate(tmp_path / "other.pem", tmp_path / "other.key", "another client")
    other = certified(tenant, "Certified Job", (tmp_path / "other.key").read_text(), (tmp_path / "other.pem").read_text())
    refused = other.acquire_token_for_client([DEFAULT])
    assert (refused["error"], refused["error_codes"]) == ("invalid_client", [700027]), refused


def test_msal_on_behalf_of_outlives_a_password_change_of_the_user(tenant, owner):
    desktop = shop(tenant)
    token = signed_in(desktop, owner, ["api://shop/Shop"])["access_token"]
    api = certified(tenant, "Shop API")
    result = api.acquire_token_on_behalf_of(token, [READ])
    assert "access_token" in result, result
    [account] = api.get_accounts()
    assert account["username"] == tenant.user("owner")["upn"]
    tenant.event("password_change", user="owner")
    assert api.acquire_token_silent([READ], account, force_refresh=True)["token_source"] == "identity_provider"
    tenant.event("revoke_sessions", user="owner", by="admin")
    assert 50173 in api.acquire_token_silent_with_error([READ], account, force_refresh=True)["error_codes"]


def how(tenant, name):
    return {
        "tenant_id": tenant.id,
        "client_id": tenant.application(name)["client_id"],
        "authority": IDP,
        "disable_instance_discovery": True,
        "connection_verify": CA,
    }


@pytest.mark.parametrize("send_chain", [False, True], ids=["by thumbprint", "with its chain"])
def test_azure_identity_certificate(tenant, send_chain):
    data = (KEY + CERTIFICATE).encode()
    credential = CertificateCredential(
        certificate_data=data, send_certificate_chain=send_chain, **how(tenant, "Certified Job")
    )
    assert claims(credential.get_token(DEFAULT))["roles"] == ["Orders.Read.All"]


def test_azure_identity_on_behalf_of(tenant):
    token = signed_in(shop(tenant), Browser(tenant.user("owner")), ["api://shop/Shop"])["access_token"]
    secret = tenant.application("Shop API")["secret"]
    credential = OnBehalfOfCredential(client_secret=secret, user_assertion=token, **how(tenant, "Shop API"))
    got = claims(credential.get_token(READ))
    assert (got["oid"], got["scp"], got["aud"]) == (tenant.user("owner")["id"], "Orders.Read", ORDERS)
