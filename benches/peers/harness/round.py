"""Measures one peer once, from an empty start to the end of the load."""

import time

from harness.peer import Client
from harness.process import SETTLE_SECONDS, PeerFailed, Process
from harness.signatures import BadSignature, count_signatures


def measure(peer, installed, load, options, directory):
    """Returns the figures of one round: startup, memory, and one entry per grant that the peer has."""
    launched = peer.launch(installed, directory)
    process = Process(launched.command, launched.discovery, directory / "log", launched.environment)
    try:
        figures = {"startup_ms": process.startup_ms}
        time.sleep(SETTLE_SECONDS)
        figures["memory_start_mib"] = process.memory_mib()
        grants = peer.grants(launched)
        client = Client(launched, grants)
        keys = client.keys()
        figures["grants"] = {}
        if grants.client_credentials:
            form = client.client_credentials_form()
            signatures = _signatures(client.request_token(form), keys)
            figures["grants"]["client_credentials"] = {"signatures": signatures} | _drive(process, load, options, client, form)
        if grants.authorization:
            figures["grants"]["refresh"] = _refresh(process, load, options, client, keys)
        if not any(grant["signatures"] for grant in figures["grants"].values()):
            raise PeerFailed("none of its tokens is a JWT signed with RS256")
        figures["memory_load_mib"] = process.memory_mib()
        return figures
    except PeerFailed as failure:
        raise PeerFailed(f"{failure}\nits last lines:\n{process.last_lines()}") from None
    finally:
        process.stop()


def _refresh(process, load, options, client, keys):
    form = client.refresh_form()
    probe, *tokens = client.sign_in(1 + options.connections)
    response = client.request_token(form | {"refresh_token": probe})
    figures = {"signatures": _signatures(response, keys), "rotates": response.get("refresh_token", probe) != probe}
    return figures | _drive(process, load, options, client, form, tokens)


def _drive(process, load, options, client, form, tokens=()):
    """Loads the token endpoint, after a warm-up that is not counted, for JIT compilers and caches."""
    url = client.metadata["token_endpoint"]
    bearers = client.bearers(options.connections)
    _, tokens = load.run(url, form, options.warm_up, tokens, bearers)
    before = process.processor_seconds()
    result, _ = load.run(url, form, options.seconds, tokens, bearers)
    used = process.processor_seconds() - before
    count = result["requests"]
    return {
        "requests": count,
        "per_second": count / result["seconds"],
        "processor_us": used / count * 1e6,
        "client_us": result["client_seconds"] / count * 1e6,
        "p50_ms": result["p50_ms"],
        "p99_ms": result["p99_ms"],
    }


def _signatures(response, keys):
    try:
        return count_signatures(response, keys)
    except BadSignature as bad:
        raise PeerFailed(f"its token cannot be compared: {bad}") from None
