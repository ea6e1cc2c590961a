"""Starts Outlive with a tenant in which connectors can sign in."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

from .requests import expect, send

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TENANT = "c0470500-0000-4000-8000-000000000001"
CLIENT = "c0470500-0000-4000-8002-0000000000f1"
CLIENT_OBJECT = "c0470500-0000-4000-8003-0000000000f1"
# Identifier URIs of services that every tenant has.
KNOWN = {"https://graph.microsoft.com": "Microsoft Graph", "https://management.core.windows.net": "Azure Resource Manager",
         "https://management.azure.com": "Azure Resource Manager",
         "00000003-0000-0000-c000-000000000000": "Microsoft Graph",
         "797f4846-ba00-4fd7-ba43-dac1f8f63013": "Azure Resource Manager"}


def free_port_base():
    """Finds a base from which the ports of `outlive up` are free."""
    for base in range(20700, 30000, 100):
        try:
            for offset in (*range(5), 43):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", base + offset))
            return base
        except OSError:
            continue
    raise SystemExit("no free ports")


def oauth_settings(properties):
    """Yields the OAuth settings of a connector, also those of its parameter sets."""
    groups = [properties.get("connectionParameters") or {}]
    groups += [one.get("parameters") or {} for one in (properties.get("connectionParameterSets") or {}).get("values", [])]
    for parameter in (parameter for group in groups for parameter in group.values()):
        settings = parameter.get("oAuthSettings") or parameter.get("oauthSettings")
        if settings:
            yield settings


def is_aad(settings):
    return str(settings.get("identityProvider", "")).lower().startswith("aad")


def resource_of(settings):
    custom = {name.lower(): (value or {}).get("value") for name, value in (settings.get("customParameters") or {}).items()}
    return custom.get("resourceuri") or ""


def is_placeholder(uri):
    """Whether a published file has this text in place of a resource: `{{ client id }}`, `YOUR_RESOURCE`."""
    is_id = re.fullmatch(r"[0-9a-fA-F-]{36}", uri)
    return not is_id and not re.fullmatch(r"""[a-zA-Z][\w+.-]*:[^\s\[\]{}<>'"]+""", uri)


def fill_in(settings):
    """Replaces placeholders for a resource and its tenant, as a maker would."""
    custom = settings.get("customParameters")
    for name, parameter in custom.items() if isinstance(custom, dict) else ():
        written = parameter.get("value") if isinstance(parameter, dict) else None
        if not isinstance(written, str) or not written:
            continue
        if name.lower() == "resourceuri" and is_placeholder(written):
            parameter["value"] = "https://graph.microsoft.com"
        if name.lower() == "tenantid" and re.search(r"[^\w.-]|^[A-Z_]+$", written):
            parameter["value"] = "common"


def write_seed(folder, connectors):
    """Writes the seed with an application for the connectors, and one for each resource that they name."""
    shutil.copytree(ROOT / "seeds", folder / "seeds")
    text = (folder / "seeds" / "contoso.yaml").read_text()
    resources = {resource_of(settings) for properties in connectors for settings in oauth_settings(properties) if is_aad(settings)}
    applications, requires = [], ["{api: Microsoft Graph, scopes: [User.Read]}"]
    if any(KNOWN.get(uri.rstrip("/").lower()) == "Azure Resource Manager" for uri in resources):
        requires.append("{api: Azure Resource Manager, scopes: [user_impersonation]}")
    for number, uri in enumerate(sorted(filter(None, resources))):
        if KNOWN.get(uri.rstrip("/").lower()) or is_placeholder(uri):
            continue
        ids = "c0470500-0000-4000-{}-00000000e%03d" % number
        is_id = re.fullmatch(r"[0-9a-fA-F-]{36}", uri)
        applications.append(f"""
  - name: Resource {number}
    kind: resource
    client_id: {uri if is_id else ids.format(8002)}
    object_id: {ids.format(8003)}
    service_principal_id: {ids.format(8004)}
    identifier_uris: ["{f'api://{uri}' if is_id else uri}"]
    scopes:
      - {{id: {ids.format(8005)}, value: user_impersonation, description: Call it}}
""")
        requires.append(f"{{api: Resource {number}, scopes: [user_impersonation]}}")
    applications.append(f"""
  - name: Connectors
    kind: confidential
    client_id: {CLIENT}
    object_id: {CLIENT_OBJECT}
    service_principal_id: c0470500-0000-4000-8004-0000000000f1
    secret: true
    redirect_uris:
      - {{uri: "${{hub}}/redirect", type: web}}
    requires:
      - {chr(10).join(requires).replace(chr(10), chr(10) + '      - ')}
    admin_consented: true
""")
    head, tail = text.split("\nflow_service:", 1)
    seed = folder / "seeds" / "contoso.yaml"
    seed.write_text(head + "".join(applications) + "\nflow_service:" + tail)
    return seed


class Product:
    def __init__(self, folder):
        self.folder, self.process = folder, None

    def start(self, connectors, stand_in):
        folder = self.folder
        program = os.environ.get("OUTLIVE_BIN")
        if not program:
            subprocess.run(["cargo", "build", "--quiet", "--locked", "--package", "outlive"], cwd=ROOT, check=True)
            target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
            program = str(pathlib.Path(target) / "debug" / "outlive")
        base = free_port_base()
        self.lab, self.idp, self.hub = (f"http://127.0.0.1:{base + offset}" for offset in range(3))
        options = ["--data", str(folder / "data"), "--seed", str(write_seed(folder, connectors)), "--port-base", str(base)]
        # Without the option only orders.contoso.example is reached, and no call of a connector succeeds.
        help_text = subprocess.run([program, "up", "--help"], capture_output=True, text=True, check=True).stdout
        self.reaches_stand_in = "--back-end" in help_text
        if self.reaches_stand_in:
            options += ["--back-end", f"*={stand_in}"]
        self.log = open(folder / "log", "wb")
        self.process = subprocess.Popen([program, "up", *options], stdout=self.log, stderr=subprocess.STDOUT)
        for _ in range(600):
            if self.process.poll() is not None:
                raise SystemExit("Outlive did not start:\n" + (folder / "log").read_text(errors="replace"))
            try:
                # The tenant of the seed is created after the services are ready.
                if send("GET", f"{self.lab}/lab/tenants/{TENANT}")[0] == 200:
                    break
            except OSError:
                pass
            time.sleep(0.1)
        self.facts = expect("the tenant", send("GET", f"{self.lab}/lab/tenants/{TENANT}"), 200)
        self.secret = next(app["secret"] for app in self.facts["applications"] if app["client_id"] == CLIENT)
        self.owner = self.user("owner")
        self.renew()

    def user(self, role):
        return next(user for user in self.facts["users"] if user["role"] == role)

    def token(self, user, scope):
        portal = next(app["client_id"] for app in self.facts["applications"] if app["name"] == "Maker Portal")
        form = {"grant_type": "password", "client_id": portal, "username": user["upn"], "password": user["password"], "scope": scope}
        return expect("a token", send("POST", f"{self.idp}/{TENANT}/oauth2/v2.0/token", form=form), 200)["access_token"]

    def renew(self):
        self.caller = self.token(self.owner, "https://apihub.azure.com/user_impersonation")
        self.admin = self.token(self.user("admin"), "https://graph.microsoft.com/.default")

    def arm(self, method, kind, name, body=None, rest=""):
        path = f"/subscriptions/{TENANT}/resourceGroups/try/providers/Microsoft.Web/{kind}/{name}{rest}?api-version=2016-06-01"
        return send(method, self.hub + path, body, self.caller)

    def register_redirect(self, uri):
        url = f"{self.idp}/v1.0/applications/{CLIENT_OBJECT}"
        body = {"web": {"redirectUris": [f"{self.hub}/redirect", uri]}}
        expect("the redirect URI", send("PATCH", url, body, self.admin), 204)

    def register_certificate(self, certificate):
        url = f"{self.idp}/v1.0/applications/{CLIENT_OBJECT}"
        expect("the certificate", send("PATCH", url, {"keyCredentials": [certificate]}, self.admin), 204)

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
