//! Event streams read as WHATWG HTML 9.2.5 and 9.2.6 say it, with the whole stream at once: slow, and plain to see.

use campanile_sse::{Dispatch, Item};
use std::time::Duration;

/// What a stream says.
pub(crate) struct Heard {
    pub(crate) items: Vec<Item<'static>>,
    pub(crate) last_id: String,
    /// The names of the fields, in their order; a blank line is `None`, a comment is empty.
    pub(crate) fields: Vec<Option<String>>,
}

/// Reads a whole stream. Browsers keep the last id over blank lines that come before the first one, and so does this.
pub(crate) fn read(stream: &[u8]) -> Heard {
    let text = String::from_utf8_lossy(stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream));
    let mut heard = Heard { items: Vec::new(), last_id: String::new(), fields: Vec::new() };
    let mut block = Block::default();
    for line in lines(&text) {
        heard.line(line, &mut block);
    }
    heard
}

/// The lines that have an end: CR LF, LF or CR.
fn lines(text: &str) -> Vec<&str> {
    let (mut lines, mut rest) = (Vec::new(), text);
    while let Some(end) = rest.find(['\r', '\n']) {
        lines.push(&rest[..end]);
        let long = rest[end..].starts_with("\r\n");
        rest = &rest[end + if long { 2 } else { 1 }..];
    }
    lines
}

/// The buffers for type and data, and the id that the next blank line makes the last one.
#[derive(Default)]
struct Block {
    name: String,
    data: String,
    id: Option<String>,
}

impl Heard {
    fn line(&mut self, line: &str, block: &mut Block) {
        let Some((field, value)) = line.split_once(':').or((!line.is_empty()).then_some((line, ""))) else {
            self.fields.push(None);
            return self.dispatch(std::mem::take(block));
        };
        let value = value.strip_prefix(' ').unwrap_or(value);
        self.fields.push(Some(field.into()));
        match field {
            "" => self.items.push(Item::Comment(value.to_owned().into())),
            "event" => block.name = value.into(),
            "data" => block.data = format!("{}{value}\n", block.data),
            "id" if !value.contains('\0') => block.id = Some(value.into()),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.items.extend(value.parse().ok().map(|millis| Item::Retry(Duration::from_millis(millis))));
            }
            _ => {}
        }
    }

    fn dispatch(&mut self, block: Block) {
        if let Some(id) = block.id {
            self.last_id = id;
        }
        if let Some(data) = block.data.strip_suffix('\n') {
            let name = if block.name.is_empty() { "message".into() } else { block.name };
            self.items.push(Item::Event(Dispatch {
                name: name.into(),
                data: data.to_owned().into(),
                last_event_id: self.last_id.clone().into(),
            }));
        }
    }
}
