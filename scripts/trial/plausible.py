"""Plausible values for the parameters of connections and operations."""

import re
import urllib.parse

from .product import CLIENT, TENANT, oauth_settings, resource_of

METHODS = ("get", "post", "put", "patch", "delete")


def parameters_of_policies(properties):
    for policy in properties.get("policyTemplateInstances") or []:
        if policy.get("templateId", "").lower() == "dynamichosturl":
            yield str((policy.get("parameters") or {}).get("x-ms-apimTemplateParameter.urlTemplate", ""))


def text_for(name, templates):
    """Returns a value for a parameter: a URL, a host or a label, as policies use it."""
    named = r"@(?:connectionParameters|queryParameters)\(\s*['\"]" + re.escape(name) + r"['\"][^)]*\)"
    for template in templates:
        if re.match(named, template, re.IGNORECASE):
            return "https://service.example.com"
        if re.search(r"//" + named + r"(?=/|:|$)", template, re.IGNORECASE):
            return "service.example.com"
    if name.startswith("token:") and re.search("(?i)ur[li]$", name):
        return f"https://login.example.com/{name[6:]}"
    return "contoso"


def values_for(parameters, properties):
    """Returns plausible values, and the secrets among them by name."""
    templates = list(parameters_of_policies(properties))
    values, secrets = {}, {}
    for name, parameter in parameters.items():
        kind = parameter.get("type", "").lower()
        constraints = (parameter.get("uiDefinition") or {}).get("constraints") or {}
        if kind == "oauthsetting" or str(constraints.get("hidden")).lower() == "true":
            continue
        allowed = (constraints.get("allowedValues") or []) + (parameter.get("allowedValues") or [])
        if name.lower() == "token:tenantid":
            values[name] = TENANT
        elif name.lower() == "token:clientid":
            values[name] = CLIENT
        elif name.lower() == "token:resourceuri":
            values[name] = next(filter(None, map(resource_of, oauth_settings(properties))), "contoso")
        elif name.lower() == "token:clientsecret":
            values[name] = "{client secret}"
        elif allowed:
            values[name] = allowed[0]["value"] if isinstance(allowed[0], dict) else allowed[0]
        elif kind == "securestring":
            values[name] = secrets[name] = f"secret-of-{re.sub('[^a-zA-Z]', '-', name)}"
        elif kind == "int":
            values[name] = 7
        elif kind == "bool":
            values[name] = True
        elif kind == "gatewaysetting":
            values[name] = {"id": "/gateways/none"}
        else:
            values[name] = text_for(name, templates)
    return values, secrets


def value_of(schema, name, templates):
    """Returns a plausible value of an operation's parameter."""
    if "default" in schema:
        value = schema["default"]
    elif schema.get("enum"):
        value = schema["enum"][0]
    else:
        form = schema.get("format")
        formats = {"date": "2026-01-05", "date-time": "2026-01-05T09:00:00Z", "uuid": TENANT}
        value = {"integer": 1, "number": 1, "boolean": "true"}.get(schema.get("type"), formats.get(form, text_for(name, templates)))
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def operations_of(swagger, properties):
    """Yields (id, method, path and query, headers, has a body) for every operation, GET first."""
    templates = list(parameters_of_policies(properties))
    found = []
    for path, item in swagger.get("paths", {}).items():
        for method in METHODS:
            operation = item.get(method)
            if not isinstance(operation, dict):
                continue
            parameters = (item.get("parameters") or []) + (operation.get("parameters") or [])
            url, query, headers, body = path, [], {}, False
            for parameter in parameters:
                reference = parameter.get("$ref", "")
                if reference.startswith("#/parameters/"):
                    parameter = swagger.get("parameters", {}).get(reference.rsplit("/", 1)[1], {})
                name, place = parameter.get("name", ""), parameter.get("in")
                value = value_of(parameter, name, templates) if place in ("path", "query", "header") else ""
                if place == "path":
                    url = url.replace("{" + name + "}", urllib.parse.quote(value, safe=""))
                elif place == "query" and parameter.get("required"):
                    query.append((name, value))
                elif place == "header" and parameter.get("required"):
                    headers[name] = value
                elif place in ("body", "formData"):
                    body = True
            url = urllib.parse.quote(re.sub(r"\{[^}]*\}", "x", url), safe="/%?#[]@!$&'()*+,;=:~")
            if query:
                url += "?" + urllib.parse.urlencode(query)
            found.append((operation.get("operationId"), method.upper(), url, headers, body))
    return sorted(found, key=lambda operation: operation[1] != "GET")
