"""Managed identities by azure-identity and MSAL, which find the endpoint by environment variables only."""

import jwt
import msal
import pytest
import requests
from azure.identity import CredentialUnavailableError, ManagedIdentityCredential
from lab import ORDERS
from test_continuous_access_evaluation import orders

DEFAULT = f"{ORDERS}/.default"
APP_SERVICE = ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"]
VIRTUAL_MACHINE = ["AZURE_POD_IDENTITY_AUTHORITY_HOST"]
WHERE = pytest.mark.parametrize("variables", [APP_SERVICE, VIRTUAL_MACHINE], ids=["app-service", "virtual-machine"])


def identity(tenant, name):
    return next(found for found in tenant.facts["managed_identities"] if found["name"] == name)


@pytest.fixture
def function(tenant):
    """A function app with an identity of its own, to which another one is assigned."""
    return identity(tenant, "Orders Function")


@pytest.fixture
def reader(tenant):
    return identity(tenant, "Orders Reader")


def runs_in(monkeypatch, resource, variables):
    for name in APP_SERVICE + VIRTUAL_MACHINE:
        monkeypatch.delenv(name, raising=False)
    for name in variables:
        monkeypatch.setenv(name, resource["environment"][name.lower()])


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


def principal_of(tenant, token):
    """Returns the principal of a token with which the orders can be read."""
    answer = orders(tenant, token)
    assert answer.status_code == 200, answer.text
    return claims(token)["oid"]


@WHERE
def test_azure_identity_gets_a_token_that_outlives_the_owners_password(tenant, function, monkeypatch, variables):
    runs_in(monkeypatch, function, variables)
    with ManagedIdentityCredential(retry_total=0) as credential:
        info = credential.get_token_info(DEFAULT)
        assert principal_of(tenant, info.token) == function["principal_id"]
        payload = claims(info.token)
        assert (payload["appidacr"], payload["idtyp"], payload["roles"]) == ("2", "app", ["Orders.Read.All"])
        assert payload["xms_mirid"] == function["resource_id"]
        # The lifetime is a day; expiry is computed on this machine, whose clock went on since.
        assert abs(info.expires_on - payload["exp"]) < 120
        assert payload["exp"] - payload["iat"] == 24 * 3600 + 300
        assert credential.get_token(DEFAULT).token == info.token, "kept while it is good"
    tenant.event("password_change", user="owner")
    with ManagedIdentityCredential(retry_total=0) as credential:
        next_token = credential.get_token(DEFAULT).token
        assert next_token != info.token
        assert principal_of(tenant, next_token) == function["principal_id"]


@WHERE
@pytest.mark.parametrize("by", ["client_id", "object_id", "resource_id"])
def test_azure_identity_selects_a_user_assigned_identity(tenant, function, reader, monkeypatch, variables, by):
    runs_in(monkeypatch, function, variables)
    value = {"client_id": reader["client_id"], "object_id": reader["principal_id"], "resource_id": reader["resource_id"]}[by]
    selected = {"client_id": value} if by == "client_id" else {"identity_config": {by: value}}
    with ManagedIdentityCredential(**selected, retry_total=0) as credential:
        assert principal_of(tenant, credential.get_token(DEFAULT).token) == reader["principal_id"]


@WHERE
def test_azure_identity_reports_an_identity_that_is_not_assigned(tenant, function, monkeypatch, variables):
    runs_in(monkeypatch, function, variables)
    job = tenant.application("Nightly Job")["client_id"]
    with ManagedIdentityCredential(client_id=job, retry_total=0) as credential:
        with pytest.raises(CredentialUnavailableError, match="not found|No managed identity"):
            credential.get_token(DEFAULT)


@WHERE
def test_a_disabled_service_principal_gets_no_further_token(tenant, function, monkeypatch, variables):
    runs_in(monkeypatch, function, variables)
    with ManagedIdentityCredential(retry_total=0) as credential:
        token = credential.get_token(DEFAULT).token
        tenant.event("disable_app", app=function["client_id"])
        assert credential.get_token(DEFAULT).token == token, "what it has is good until it expires"
        assert principal_of(tenant, token) == function["principal_id"]
    with ManagedIdentityCredential(retry_total=0) as credential:
        with pytest.raises(CredentialUnavailableError, match="AADSTS7000112"):
            credential.get_token(DEFAULT)


def test_azure_identity_with_a_wrong_header_gets_no_token(tenant, function, monkeypatch):
    runs_in(monkeypatch, function, APP_SERVICE)
    monkeypatch.setenv("IDENTITY_HEADER", "a-guessed-header-that-is-as-long-as-the-right-one")
    with ManagedIdentityCredential(retry_total=0) as credential:
        with pytest.raises(CredentialUnavailableError, match="401"):
            credential.get_token(DEFAULT)


@WHERE
def test_msal_gets_tokens_of_both_kinds_of_identities(tenant, function, reader, monkeypatch, variables):
    runs_in(monkeypatch, function, variables)
    with requests.Session() as session:
        session.trust_env = False
        for managed, principal in [
            (msal.SystemAssignedManagedIdentity(), function["principal_id"]),
            (msal.UserAssignedManagedIdentity(client_id=reader["client_id"]), reader["principal_id"]),
        ]:
            client = msal.ManagedIdentityClient(managed, http_client=session)
            result = client.acquire_token_for_client(resource=ORDERS)
            assert principal_of(tenant, result["access_token"]) == principal
            again = client.acquire_token_for_client(resource=ORDERS)
            assert (again["access_token"], again["token_source"]) == (result["access_token"], "cache")
        refused = client.acquire_token_for_client(resource="api://nowhere")
        assert "AADSTS500011" in refused["error_description"], refused
