"""The device code flow of MSAL and azure-identity."""

import msal
from azure.identity import DeviceCodeCredential
from lab import CA, IDP, ORDERS
from test_azure_identity import claims

READ = f"{ORDERS}/Orders.Read"


def shop(tenant):
    return msal.PublicClientApplication(
        tenant.application("Shop Desktop")["client_id"], authority=tenant.authority, instance_discovery=False, verify=CA
    )


def enter(browser, url, code):
    """Opens the page, enters the code, signs in and approves the device."""
    page = browser.submit(url, otc=code)
    return browser.until_there_is_nothing_to_do(page)


def test_msal_device_code_waits_for_the_user_and_ends_with_the_password(tenant, owner):
    app = shop(tenant)
    flow = app.initiate_device_flow([READ])
    assert {"user_code", "device_code", "verification_uri", "expires_in", "interval", "message"} <= set(flow), flow
    pending = app.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)
    assert pending["error"] == "authorization_pending", pending
    enter(owner, flow["verification_uri"], flow["user_code"])
    tenant.advance("PT6S")
    result = app.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)
    assert "access_token" in result, result
    [account] = app.get_accounts()
    assert account["username"] == tenant.user("owner")["upn"]
    assert app.acquire_token_silent([READ], account, force_refresh=True)["token_source"] == "identity_provider"
    tenant.event("password_change", user="owner")
    refused = app.acquire_token_silent_with_error([READ], account, force_refresh=True)
    assert 50173 in refused["error_codes"], refused


def how(tenant):
    return {
        "client_id": tenant.application("Shop Desktop")["client_id"],
        "tenant_id": tenant.id,
        "authority": IDP,
        "disable_instance_discovery": True,
        "connection_verify": CA,
    }


def test_azure_identity_device_code(tenant, owner):
    def prompted(uri, code, _):
        enter(owner, uri, code)
        # The device polls by the wall time; the tenant's clock is stopped.
        tenant.advance("PT1M")

    token = DeviceCodeCredential(prompt_callback=prompted, timeout=30, **how(tenant)).get_token(READ)
    assert claims(token)["upn"] == tenant.user("owner")["upn"]
