"""Starts a system and a misbehaving issuer, and runs the suites in Python, Node.js, Go and Java against them; then the tests of
the package in clients/python, and generated requests to the lab API, which start systems of their own."""

import argparse
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import httpx
from certificates import certificate

HERE = pathlib.Path(__file__).parent
READY_SECONDS = 60
SUITE_SECONDS = 900
# The time for generated requests to the lab API if their number is given.
CASES_SECONDS = 4 * 3600
# The exit code of pytest if its arguments select no test of a suite.
NONE_SELECTED = 5


def free_base():
    """Returns a port base for which all ports of `outlive up` are free now."""
    start = os.getpid() % 100
    for base in (21_000 + 50 * ((start + n) % 100) for n in range(100)):
        try:
            for offset in (0, 1, 2, 3, 4, 43):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", base + offset))
            return base
        except OSError:
            continue
    sys.exit("no 50 ports in a row are free")


def port_443_is_free():
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", 443))
        return True
    except OSError:
        return False


def trust_store(directory, authority):
    """Creates a Java trust store with the local certificate authority."""
    store = directory / "trusted.p12"
    command = ["keytool", "-importcert", "-noprompt", "-alias", "outlive", "-file", authority, "-keystore", store]
    subprocess.run(command + ["-storetype", "PKCS12", "-storepass", "changeit"], check=True, capture_output=True)
    return store


def environment(**more):
    plain = {name: value for name, value in os.environ.items() if not name.startswith("OUTLIVE_")}
    return plain | {"OUTLIVE_BIN": os.environ["OUTLIVE_BIN"], "NO_PROXY": "localhost,127.0.0.1"} | more


def wait_until_it_answers(process, url, log):
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            sys.exit(f"{process.args[0]} ended:\n{log.read_text()}")
        try:
            if httpx.get(url, verify=False, trust_env=False).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    sys.exit(f"{url} does not answer:\n{log.read_text()}")


def start(command, log, **more):
    with open(log, "w") as out:
        return subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment(**more))


def stop(processes):
    for process in reversed(processes):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in reversed(processes):
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def suite(title, command, accepted=(0,), seconds=SUITE_SECONDS, **more):
    """Runs one suite. Prints its complete output if it failed, else the last lines. Returns 0 for an accepted exit code."""
    try:
        ended = subprocess.run(
            command, env=environment(**more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds
        )
        output, code = ended.stdout, ended.returncode
    except subprocess.TimeoutExpired as late:
        output, code = (late.stdout or b"").decode() + f"\nnot finished after {seconds} s", 1
    code = 0 if code in accepted else code
    lines = output.strip().splitlines()
    print(f"\n--- {title}" + ("" if code == 0 else ": FAILED"))
    print("\n".join(lines if code else lines[-9:]), flush=True)
    return code


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--node", type=pathlib.Path, required=True)
    arguments.add_argument("--go", help="the compiled suite in Go; skipped if empty")
    arguments.add_argument("--java", help="the directory of the suite in Java; skipped if empty")
    arguments.add_argument("--java-build", help="the build directory of Maven")
    arguments.add_argument("--package", type=pathlib.Path, required=True, help="a copy of clients/python, which is installed")
    arguments.add_argument("--only", choices=["python", "node", "go", "java", "package", "lab-api"])
    arguments, rest = arguments.parse_known_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    processes = []
    with tempfile.TemporaryDirectory(prefix="outlive-clients-") as directory:
        directory = pathlib.Path(directory)
        try:
            return run_suites(arguments, rest, directory, processes)
        finally:
            stop(processes)


def write_seed(directory):
    """Writes the default seed with the additional applications that the suites use, one of them with a new certificate."""
    certificate(directory / "client.pem", directory / "client.key", "Contoso Certified Job")
    seeds = directory / "seeds"
    shutil.copytree(HERE.parents[2] / "seeds", seeds)
    more = (HERE.parent / "applications.yaml").read_text()
    pem = "".join(f"\n        {line}" for line in (directory / "client.pem").read_text().splitlines())
    text = (seeds / "contoso.yaml").read_text()
    before, after = text.split("\nflow_service:", 1)
    (seeds / "contoso.yaml").write_text(before + more.replace("- ${certificate}", "- |" + pem) + "\nflow_service:" + after)
    return seeds / "contoso.yaml"


def run_suites(arguments, rest, directory, processes):
    base = free_base()
    data = directory / "data"
    log = directory / "outlive.log"
    seed = write_seed(directory)
    command = [os.environ["OUTLIVE_BIN"], "up", "--data", data, "--port-base", str(base), "--seed", seed]
    # MSAL for Java refreshes tokens at port 443 of the authority's host, whatever port the authority names.
    at_443 = port_443_is_free()
    if at_443:
        command += ["--hosts", "login.outlive.example", "--hosts-port", "443"]
    processes.append(start(command, log))
    wait_until_it_answers(processes[-1], f"http://127.0.0.1:{base}/lab/tenants", log)
    idp_tls = f"https://localhost:{base + 43}"
    # A port that belongs to the system's range but that it does not use.
    misbehaving = f"https://localhost:{base + 45}"
    log = directory / "misbehaving-issuer.log"
    command = [sys.executable, HERE / "misbehaving_issuer.py", "--issuer", idp_tls, "--authority", data / "ca.pem"]
    command += ["--port", str(base + 45), "--certificate", directory / "misbehaving-issuer.pem"]
    processes.append(start(command, log))
    wait_until_it_answers(processes[-1], f"{misbehaving}/healthz", log)
    trusted = directory / "trusted.pem"
    trusted.write_text((data / "ca.pem").read_text() + (directory / "misbehaving-issuer.pem").read_text())
    where = {
        "SUITE_LAB": f"http://127.0.0.1:{base}",
        "SUITE_IDP_TLS": idp_tls,
        "SUITE_MISBEHAVING_ISSUER": misbehaving,
        "SUITE_CA": str(data / "ca.pem"),
        "SUITE_LAB_KEY": (data / "lab-key").read_text(),
        "SUITE_KEY": str(directory / "client.key"),
        "SUITE_CERTIFICATE": str(directory / "client.pem"),
        "REQUESTS_CA_BUNDLE": str(trusted),
        "SSL_CERT_FILE": str(trusted),
        "NODE_EXTRA_CA_CERTS": str(trusted),
    }
    codes = []
    only = arguments.only
    if only in (None, "python"):
        pytest = [sys.executable, "-m", "pytest", "-q", "-n", "4", "-p", "no:cacheprovider", "--strict-markers", HERE]
        codes.append(suite("Python", pytest + rest, **where))
    if only in (None, "node"):
        files = sorted(str(path) for path in arguments.node.glob("*.test.mjs"))
        named = [f"--test-name-pattern={rest[1]}"] if rest[:1] == ["-k"] else []
        codes.append(suite("Node.js", ["node", "--test", "--test-concurrency=2", *named, *files], **where))
        # It starts systems of its own, and trusts their certificates by itself.
        files = sorted(str(path) for path in arguments.node.glob("outlive-lab/test/*.test.mjs"))
        codes.append(suite("Node.js: package outlive-lab", ["node", "--test", "--test-concurrency=2", *named, *files]))
    named = rest[1] if rest[:1] == ["-k"] else None
    if arguments.go and only in (None, "go"):
        command = [arguments.go, "-test.v", "-test.parallel", "4", *([f"-test.run={named}"] if named else [])]
        codes.append(suite("Go", command, **where))
    if arguments.java and only in (None, "java"):
        if at_443:
            trust = f"-Djavax.net.ssl.trustStore={trust_store(directory, data / 'ca.pem')} -Djavax.net.ssl.trustStorePassword=changeit"
            command = ["mvn", "-q", "-B", "-f", f"{arguments.java}/pom.xml", f"-DbuildDirectory={arguments.java_build}"]
            command += ["test", f"-DargLine={trust}", "-Dsurefire.printSummary=true", *([f"-Dtest=*{named}*"] if named else [])]
            codes.append(suite("Java", command, SUITE_IDP_443="https://localhost", **where))
        else:
            print("port 443 is not free for this user: the suite in Java is skipped")
    if only in (None, "package"):
        pytest = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "--strict-markers", arguments.package / "tests"]
        codes.append(suite("Package for Python", pytest + rest, accepted=(0, NONE_SELECTED) if rest else (0,)))
    if only == "lab-api" or only is None and not rest:
        seconds = CASES_SECONDS if rest else SUITE_SECONDS
        codes.append(suite("Lab API", [sys.executable, HERE / "lab_api_cases.py", *rest], seconds=seconds))
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
