"""With what a broken connection left of an event."""

import json
import os

import httpx
from sseclient import SSEClient

headers = {"Accept": "text/event-stream", "Authorization": "Bearer " + os.environ["TOKEN"]}
with httpx.stream("GET", os.environ["STREAM_URL"], headers=headers, timeout=60) as response:
    for event in SSEClient(response.iter_bytes()).events():
        print(json.dumps({"event": event.event, "id": event.id, "data": event.data}), flush=True)
