"""Sends requests to the lab API that schemathesis generates from its OpenAPI description: there is no server error, and every
response is described, with a body that fits its schema.

    tests/clients/run --only lab-api [--cases N] [--seed N]

There are three parts, each on a system of its own:

    any ids      nearly all objects are unknown
    real ids     the paths name a tenant with a history, and what it contains; what would end these objects or make services fail is left out
    long ones    operations that create many tenants or follow the journal: few requests each
"""

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile

import httpx

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance"
LONG = "execute_.*|open_class|follow_journal"
DISTURBS = "delete_tenant|end_class|reset_tenant|add_fault|remove_faults?"


@contextlib.contextmanager
def system():
    """Starts a temporary system, which ends with this process. Returns the URL of its console."""
    command = [os.environ["OUTLIVE_BIN"], "up", "--temporary", "--port-base", "0", "--format", "json", "--stop-at-eof"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())["urls"]["console"]
        finally:
            process.stdin.close()
            process.wait(20)


def parts_of_paths(console):
    """Creates a tenant with a history, a class and a fault. Returns a value for each part of a path of the API."""
    with httpx.Client(base_url=f"{console}/lab/", timeout=60, trust_env=False) as lab:

        def send(method, path, **body):
            response = lab.request(method, path, json=body or None)
            response.raise_for_status()
            return response.json()

        tenant = send("POST", "tenants", name="Generated requests")
        of_tenant, flow = f"tenants/{tenant['tenant_id']}", tenant["flows"][0]["id"]
        send("POST", f"{of_tenant}/sign_in", user="owner", app="Orders Desktop", redeem=True)
        send("POST", f"{of_tenant}/clock", advance="PT2H")
        # It begins after the end of this test.
        fault = send("POST", f"{of_tenant}/faults", service="resource", do={"status": 503}, **{"from": "2100-01-01T00:00:00Z"})
        return {
            "tenant": tenant["tenant_id"],
            "code": send("POST", "classes", lesson=1, seats=2)["code"],
            "seat": 1,
            "id": fault["id"],
            "name": tenant["connections"][0]["name"],
            "client": tenant["applications"][0]["client_id"],
            "user": tenant["users"][0]["id"],
            "group": send("GET", f"{of_tenant}/directory/groups")["groups"][0]["id"],
            "flow": flow,
            "run": send("GET", f"{of_tenant}/flows/{flow}")["runs"][0]["name"],
        }


def generate(console, arguments, cases, *selection, parameters=None):
    """Runs schemathesis. Returns the number of requests; ends this process if one was not answered as described."""
    lines = [f'"path.{name}" = {json.dumps(value)}' for name, value in (parameters or {}).items()]
    with tempfile.TemporaryDirectory(prefix="outlive-lab-api-") as directory:
        with open(f"{directory}/schemathesis.toml", "w") as config:
            config.write("\n".join(["[parameters]", *lines, ""]))
        command = [sys.executable, "-m", "schemathesis.cli", "--no-color", "--config-file", config.name, "run", f"{console}/lab/openapi.json"]
        command += ["--checks", CHECKS, "--continue-on-failure", "--warnings", "off", "--max-examples", str(cases)]
        command += ["--seed", str(arguments.seed), "--request-timeout", "240", *selection]
        ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=directory)
    number = re.search(r"(\d+) generated", ended.stdout)
    if ended.returncode != 0 or number is None:
        sys.exit(ended.stdout)
    return int(number[1])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cases", type=int, default=3, help="the maximum of generated requests for each operation in each part")
    arguments.add_argument("--seed", type=int, default=1)
    arguments = arguments.parse_args()
    total = 0
    with system() as console:
        total += generate(console, arguments, arguments.cases, "--exclude-operation-id-regex", LONG)
    with system() as console:
        left_out = ("--exclude-operation-id-regex", f"{LONG}|{DISTURBS}")
        total += generate(console, arguments, arguments.cases, *left_out, parameters=parts_of_paths(console))
    with system() as console:
        total += generate(console, arguments, 1, "--include-operation-id-regex", LONG, "--phases", "fuzzing")
    print(f"{total} requests were answered as described")


if __name__ == "__main__":
    main()
