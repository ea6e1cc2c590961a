"""A small desktop application: its user signs in with MSAL, and it lists orders."""

import msal
import requests

SCOPES = ["api://contoso-orders/Orders.Read"]
REDIRECT_URI = "http://localhost:51234"


class SignInRequired(Exception):
    """The user has to sign in again."""


class OrdersApp:
    def __init__(self, client_id, authority, api):
        self._msal = msal.PublicClientApplication(client_id, authority=authority, instance_discovery=False)
        self._api = api

    def start_sign_in(self):
        """Returns the address to open in the user's browser."""
        self._flow = self._msal.initiate_auth_code_flow(SCOPES, redirect_uri=REDIRECT_URI, response_mode="form_post")
        return self._flow["auth_uri"]

    def finish_sign_in(self, parameters):
        """Takes what the browser brought to the redirect URI."""
        result = self._msal.acquire_token_by_auth_code_flow(self._flow, parameters)
        if "error" in result:
            raise SignInRequired(result["error_description"])

    def orders(self):
        response = self._get(self._token())
        if response.status_code == 401:  # The token has expired: get another one.
            response = self._get(self._token(force_refresh=True))
        response.raise_for_status()
        return response.json()["value"]

    def _get(self, token):
        return requests.get(f"{self._api}/orders", headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def _token(self, force_refresh=False):
        [account] = self._msal.get_accounts()
        result = self._msal.acquire_token_silent_with_error(SCOPES, account, force_refresh=force_refresh)
        return result["access_token"]
