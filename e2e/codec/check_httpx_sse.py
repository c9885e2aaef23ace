"""Reads every fixture with httpx-sse, as a whole and byte by byte.

The form of the fixtures is explained in spec/fixtures/README.md.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import httpx
from httpx_sse import EventSource

CLIENT = "httpx-sse"
FOLDER = Path(__file__).resolve().parents[2] / "spec" / "fixtures"
ASPECTS = ("dispatches", "lastEventId", "reconnectionTime")


def text(value):
    """Long texts are written as {repeat, times, then}."""
    if isinstance(value, str):
        return value
    return value["repeat"] * value["times"] + value.get("then", "")


def expand(aspects):
    expanded = {aspect: aspects[aspect] for aspect in ASPECTS if aspect in aspects}
    if "dispatches" in expanded:
        expanded["dispatches"] = [{key: text(value) for key, value in one.items()} for one in expanded["dispatches"]]
    if "lastEventId" in expanded:
        expanded["lastEventId"] = text(expanded["lastEventId"])
    return expanded


def read(chunks):
    """What the client makes of a stream. It says a reconnection time with the event that brought it."""
    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=chunks)
    heard = {"dispatches": [], "lastEventId": "", "reconnectionTime": None}
    for event in EventSource(response).iter_sse():
        heard["dispatches"].append({"type": event.event, "data": event.data, "lastEventId": event.id})
        heard["lastEventId"] = event.id
        if event.retry is not None:
            heard["reconnectionTime"] = event.retry
    return heard


def fault(expected, actual):
    """What is wrong with `actual`, or None: the same judgement as in fixtures.mjs."""
    standard = expand(expected)
    deviation = next((one for one in expected.get("deviations", []) if one["client"] == CLIENT), None)
    if deviation is None:
        return None if actual == standard else f"is {show(actual)}, not {show(standard)}"
    if deviation["version"] != version(CLIENT):
        return f"the deviation on record is of version {deviation['version']}, this is {version(CLIENT)}"
    if actual == standard:
        return "does what the standard says, though a deviation is on record"
    recorded = standard | expand(deviation)
    return None if actual == recorded else f"is {show(actual)}, not as on record {show(recorded)}"


def show(value):
    return json.dumps(value)[:2000]


def verdict(path):
    stream = path.read_bytes()
    expected = json.loads(path.with_suffix(".json").read_text("utf-8"))
    whole = read(iter([stream]))
    single = read(stream[at : at + 1] for at in range(len(stream)))
    if whole != single:
        return False, f"chunking matters: {show(single)}, whole {show(whole)}"
    known = any(one["client"] == CLIENT for one in expected.get("deviations", []))
    return known, fault(expected, whole)


def main():
    failed = 0
    paths = sorted(FOLDER.glob("*.sse"))
    for path in paths:
        known, wrong = verdict(path)
        failed += wrong is not None
        note = " (deviation as on record)" if known else ""
        print(f"FAIL {path.stem}: {wrong}" if wrong else f"ok   {path.stem}{note}")
    print(f"{len(paths) - failed} passed, {failed} failed")
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
