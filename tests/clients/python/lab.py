"""A tenant of one's own for every test: made through the lab's API, its time standing still at the wall's."""

import os

import httpx

ORDERS = "api://contoso-orders"
LAB = os.environ["WITNESS_LAB"]
IDP = os.environ["WITNESS_IDP_TLS"]
LIAR = os.environ["WITNESS_LIAR"]
CA = os.environ["REQUESTS_CA_BUNDLE"]


class Tenant:
    def __init__(self):
        # SDKs compare expiry with the wall's time, so the tenant's starts there, and stands.
        made = httpx.post(f"{LAB}/lab/tenants", json={"bare": True, "clock": {"speed": 0}}, timeout=60, trust_env=False)
        assert made.status_code == 201, made.text
        self.facts = made.json()
        self.id = self.facts["tenant_id"]
        self.authority = f"{IDP}/{self.id}"
        self.dishonest_authority = f"{LIAR}/{self.id}"

    def delete(self):
        httpx.delete(f"{LAB}/lab/tenants/{self.id}", timeout=60, trust_env=False)

    def user(self, role):
        return next(user for user in self.facts["users"] if user["role"] == role)

    def application(self, name):
        return next(application for application in self.facts["applications"] if application["name"] == name)

    def event(self, kind, **more):
        """Lets something happen, and keeps what it tells (a new password)."""
        raised = self._post("events", {"type": kind, **more})
        self.facts = httpx.get(f"{LAB}/lab/tenants/{self.id}", timeout=60, trust_env=False).json()
        return raised

    def advance(self, duration):
        return self._post("clock", {"advance": duration})

    def lies(self, **how):
        """What the issuer that misbehaves does with this tenant's tokens from now on: `claims`, `key`, `issuer`."""
        answer = httpx.put(f"{LIAR}/_lies/{self.id}", json=how, verify=_context(), trust_env=False)
        assert answer.status_code == 204, answer.text

    def _post(self, what, body):
        answer = httpx.post(f"{LAB}/lab/tenants/{self.id}/{what}", json=body, timeout=60, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()


def _context():
    import ssl

    return ssl.create_default_context(cafile=CA)


def http():
    """A browser's or script's HTTP client that trusts the local authority and follows nothing by itself."""
    return httpx.Client(verify=_context(), trust_env=False, timeout=60, follow_redirects=False)
