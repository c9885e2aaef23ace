# Prints the stream as it is. To go on where you were, put the last id that you saw into LAST_EVENT_ID.
curl --no-buffer --silent --show-error --fail "$STREAM_URL" \
  --header "Authorization: Bearer $TOKEN" \
  --header "Last-Event-ID: $LAST_EVENT_ID"
