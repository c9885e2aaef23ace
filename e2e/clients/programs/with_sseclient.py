import json
import os
import time

import httpx
from sseclient import SSEClient


def whole(chunks):
    """sseclient-py also hands on what a broken connection left of an event; this gives it whole ones only."""
    rest = b""
    for chunk in chunks:
        head, end, rest = (rest + chunk).rpartition(b"\n\n")
        yield head + end


def events(client, url, token):
    """Every event of the stream, for as long as it takes: comes back by itself, where it was."""
    last_id, pause = "", 3.0
    while True:
        headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {token}", "Last-Event-ID": last_id}
        try:
            with client.stream("GET", url, headers=headers) as response:
                response.raise_for_status()
                for event in SSEClient(whole(response.iter_bytes())).events():
                    if event.retry is not None:
                        pause = int(event.retry) / 1000
                    yield event
                    last_id = event.id or last_id
        except httpx.TransportError:
            pass
        except httpx.HTTPStatusError as refusal:
            if refusal.response.status_code not in (429, 503):
                raise
            pause = float(refusal.response.headers["Retry-After"])
        time.sleep(pause)


# Heartbeats come every 30 s by default; httpx alone would give up after 5 s of silence.
with httpx.Client(timeout=httpx.Timeout(10, read=60)) as client:
    for event in events(client, os.environ["STREAM_URL"], os.environ["TOKEN"]):
        print(json.dumps({"event": event.event, "id": event.id, "data": event.data}), flush=True)
