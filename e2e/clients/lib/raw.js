// What curl prints, read as strictly as we write it: LF, one line per field, nothing but the four fields, nothing after a cut.

const LINE = /^(?:(id|event|data|retry): (.*)|data:)$/s;

/** Takes the stream in pieces, and tells every whole event. */
export function rawEvents(tell) {
  let rest = "";
  return (piece) => {
    const blocks = (rest + piece).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) tell(event(block));
  };
}

function event(block) {
  const fields = { event: "message", id: "", data: "" };
  for (const line of block.split("\n")) {
    const [whole, name = "data", value = ""] = LINE.exec(line) ?? [];
    if (whole === undefined) throw new Error(`a line that we do not write: ${JSON.stringify(line)}`);
    fields[name] = value;
  }
  return fields;
}
