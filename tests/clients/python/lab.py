"""A tenant for each test, created by the lab API, with its clock stopped at the wall time."""

import os

import httpx

ORDERS = "api://contoso-orders"
LAB = os.environ["SUITE_LAB"]
IDP = os.environ["SUITE_IDP_TLS"]
MISBEHAVING_ISSUER = os.environ["SUITE_MISBEHAVING_ISSUER"]
CA = os.environ["REQUESTS_CA_BUNDLE"]


class Tenant:
    def __init__(self):
        # SDKs compare expiry with the wall time, so the tenant's clock is stopped there.
        made = httpx.post(f"{LAB}/lab/tenants", json={"bare": True, "clock": {"speed": 0}}, timeout=60, trust_env=False)
        assert made.status_code == 201, made.text
        self.facts = made.json()
        self.id = self.facts["tenant_id"]
        self.authority = f"{IDP}/{self.id}"
        self.dishonest_authority = f"{MISBEHAVING_ISSUER}/{self.id}"

    def delete(self):
        httpx.delete(f"{LAB}/lab/tenants/{self.id}", timeout=60, trust_env=False)

    def user(self, role):
        return next(user for user in self.facts["users"] if user["role"] == role)

    def application(self, name):
        return next(application for application in self.facts["applications"] if application["name"] == name)

    def event(self, kind, **more):
        """Raises a lab event and stores the new password that it returns."""
        raised = self._post("events", {"type": kind, **more})
        self.facts = httpx.get(f"{LAB}/lab/tenants/{self.id}", timeout=60, trust_env=False).json()
        return raised

    def advance(self, duration):
        return self._post("clock", {"advance": duration})

    def sign_in(self, **request):
        """Signs a user in without a browser."""
        return self._post("sign_in", request)

    def set_faults(self, **faults):
        """Sets the faults of the misbehaving issuer for this tenant: `claims`, `key`, `issuer`."""
        answer = httpx.put(f"{MISBEHAVING_ISSUER}/_faults/{self.id}", json=faults, verify=_context(), trust_env=False)
        assert answer.status_code == 204, answer.text

    def _post(self, what, body):
        answer = httpx.post(f"{LAB}/lab/tenants/{self.id}/{what}", json=body, timeout=60, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()


def _context():
    import ssl

    return ssl.create_default_context(cafile=CA)


def http():
    """An HTTP client that trusts the local certificate authority and follows no redirects."""
    return httpx.Client(verify=_context(), trust_env=False, timeout=60, follow_redirects=False)
