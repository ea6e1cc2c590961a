"""Medians over the rounds, the tables and the JSON file."""

import datetime
import json
import os
import re
import shutil
import statistics
import subprocess

GRANTS = {"client_credentials": "client credentials", "refresh": "refresh"}


def machine():
    """Returns what the figures depend on: cores, model, load average, and RSA signatures per second on all cores."""
    with open("/proc/cpuinfo") as cpuinfo:
        models = re.findall(r"model name\s*:\s*(.+)", cpuinfo.read())
    cores = len(os.sched_getaffinity(0))
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "cores": cores,
        "model": models[0] if models else "unknown",
        "load_average": [round(value, 2) for value in os.getloadavg()],
        "openssl_rsa_2048_signatures_per_second": _raw_signing(cores),
    }


def _raw_signing(cores):
    if not shutil.which("openssl"):
        return None
    command = ["openssl", "speed", "-seconds", "2", "-multi", str(cores), "rsa2048"]
    shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    rate = re.search(r"^rsa 2048 bits\s+\S+\s+\S+\s+(\S+)", shown, re.MULTILINE)
    return float(rate[1]) if rate else None


def summarize(peers, rounds):
    """Returns a row per peer, with the median of each figure."""
    rows = []
    for name, about in peers.items():
        own = [figures[name] for figures in rounds if name in figures]
        if not own:
            continue
        row = {"name": name} | about | {"rounds": len(own)}
        for figure in ("startup_ms", "memory_start_mib", "memory_load_mib"):
            row[figure] = statistics.median(figures[figure] for figures in own)
        row["grants"] = {grant: _median_of(own, grant) for grant in own[0]["grants"]}
        rows.append(row)
    return rows


def _median_of(own, grant):
    entries = [figures["grants"][grant] for figures in own]
    numbers = ("requests", "per_second", "processor_us", "client_us", "p50_ms", "p99_ms")
    medians = {number: statistics.median(entry[number] for entry in entries) for number in numbers}
    rates = [entry["per_second"] for entry in entries]
    exact = {fact: value for fact, value in entries[0].items() if fact not in numbers}
    return exact | medians | {"per_second_range": [min(rates), max(rates)]}


def tables(rows):
    """Returns the tables in Markdown."""
    header = ["peer", "version", "first start, ms", "MiB at start", "MiB after load"]
    speed = [header, ["---", "---", "--:", "--:", "--:"]]
    for row in rows:
        numbers = (f"{row[figure]:,.0f}" for figure in ("startup_ms", "memory_start_mib", "memory_load_mib"))
        speed.append([row["name"], row["version"], *numbers])
    grants = [
        ["grant", "peer", "per second", "lowest to highest", "signatures each", "signatures per second", "server CPU each, µs",
         "client CPU each, µs", "p50, ms", "p99, ms"],
        ["---", "---"] + ["--:"] * 8,
    ]
    for grant, title in GRANTS.items():
        for row in rows:
            grants.append([title, row["name"], *_cells(row["grants"].get(grant))])
    stores = [["peer", "what it stores for each token"], ["---", "---"]]
    stores += [[row["name"], row["stores"]] for row in rows]
    return "\n\n".join(map(_markdown, (speed, grants, stores)))


def _cells(grant):
    if grant is None:
        return ["not offered"] + ["" for _ in range(7)]
    low, high = grant["per_second_range"]
    rate = f"{grant['per_second']:,.0f}" + ("" if grant["signatures"] else " (unsigned)")
    return [
        rate, f"{low:,.0f} to {high:,.0f}", str(grant["signatures"]), f"{grant['signatures'] * grant['per_second']:,.0f}",
        f"{grant['processor_us']:,.0f}", f"{grant['client_us']:,.0f}", f"{grant['p50_ms']:,.1f}", f"{grant['p99_ms']:,.1f}",
    ]


def _markdown(lines):
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def write_json(path, content):
    path.write_text(json.dumps(content, indent=2) + "\n")


def heading(machine, settings):
    """Returns one paragraph with the conditions of the run."""
    signing = machine["openssl_rsa_2048_signatures_per_second"]
    raw = f", {signing:,.0f} RSA-2048 signatures per second by openssl on all of them" if signing else ""
    before, after = machine["load_average"][0], machine["load_average_at_the_end"][0]
    return (
        f"{machine['date']}, {machine['cores']} cores ({machine['model']}){raw}; load average {before} before and {after} after. "
        f"Medians of {settings['rounds']} rounds; windows of {settings['seconds']} s after {settings['warm_up']} s of warm-up, "
        f"{settings['connections']} connections."
    )
