//! The OpenAPI document as a judge: an answer is what it says, or a test fails. What it does not say is not answered either.

mod schemas;

use schemas::Schemas;
use serde_json::{Map, Value};

/// A document.
#[derive(Debug)]
pub struct Spec {
    document: Value,
    schemas: Schemas,
}

/// One method of one path.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    /// In capitals.
    pub method: &'a str,
    /// With `{names}` for its variable parts.
    pub path: &'a str,
    /// What the document says of it.
    pub value: &'a Value,
}

/// What was answered.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The status code.
    pub status: u16,
    /// All fields of the head.
    pub fields: Vec<(&'a str, &'a str)>,
    /// The body; of a stream as much as there is.
    pub body: &'a [u8],
}

impl<'a> Seen<'a> {
    fn field(&self, name: &str) -> Option<&'a str> {
        self.fields.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}

const METHODS: [&str; 5] = ["get", "head", "post", "put", "delete"];

impl Spec {
    /// Reads a document.
    ///
    /// # Panics
    ///
    /// If it is no JSON.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let document: Value = serde_json::from_str(text).expect("a document in JSON");
        Self { schemas: Schemas::of(&document), document }
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// Everything that can be asked for.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        members(&self.document["paths"]).flat_map(|(path, item)| {
            let documented = METHODS.into_iter().filter_map(move |method| Some((method, item.get(method)?)));
            documented.map(move |(method, value)| Operation { method: capitals(method), path, value })
        })
    }

    /// The paths of the document that this one could be, the most literal one first.
    fn path(&self, path: &str) -> Option<&str> {
        let variable = |template: &str| template.split('/').filter(|part| part.starts_with('{')).count();
        let candidates = members(&self.document["paths"]).map(|(template, _)| template);
        candidates.filter(|template| fits(template, path)).min_by_key(|template| variable(template))
    }

    /// The operation behind a method and a path; HEAD is GET where it is not described.
    #[must_use]
    pub fn find(&self, method: &str, path: &str) -> Option<Operation<'_>> {
        let path = self.path(path)?;
        let by = |method: &str| self.operations().find(|found| found.path == path && found.method == method);
        by(method).or_else(|| by("GET").filter(|_| method == "HEAD"))
    }

    /// Judges an answer.
    ///
    /// # Errors
    ///
    /// What is not as the document says, or not in it.
    pub fn judge(&self, method: &str, path: &str, seen: &Seen<'_>) -> Result<(), String> {
        let Some(operation) = self.find(method, path) else {
            return match (self.path(path), seen.status) {
                (None, 404) | (Some(_), 405) => self.judge_problem(seen),
                _ => Err(format!("{method} {path} is not in the document")),
            };
        };
        let about = |why: String| format!("{method} {} answers {}: {why}", operation.path, seen.status);
        let response = &operation.value["responses"][seen.status.to_string()];
        let response = self.resolve(response).ok_or_else(|| about("not in the document".into()))?;
        self.judge_response(response, method == "HEAD", seen).map_err(about)
    }

    fn judge_response(&self, response: &Value, without_body: bool, seen: &Seen<'_>) -> Result<(), String> {
        for (name, _) in members(&response["headers"]) {
            seen.field(name).ok_or_else(|| format!("no {name}"))?;
        }
        let Some(content) = response.get("content").filter(|_| !without_body) else {
            return if seen.body.is_empty() { Ok(()) } else { Err("a body".into()) };
        };
        let media_type = seen.field("content-type").ok_or("no Content-Type")?;
        let form = members(content).find(|(form, _)| essence(form) == essence(media_type));
        let (form, media) = form.ok_or_else(|| format!("as {media_type}"))?;
        self.judge_body(essence(form), media, seen.body)
    }

    fn judge_body(&self, form: &str, media: &Value, body: &[u8]) -> Result<(), String> {
        let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
        match form {
            "application/json" | "application/problem+json" => self.schemas.check(&media["schema"], &json(text)?),
            "application/x-ndjson" => {
                text.lines().try_for_each(|line| self.schemas.check(&media["itemSchema"], &json(line)?))
            }
            "text/event-stream" => self.judge_events(&media["itemSchema"], text).map(drop),
            _ => Ok(()),
        }
    }

    /// A problem that no operation answers: of a path or a method that is not there.
    fn judge_problem(&self, seen: &Seen<'_>) -> Result<(), String> {
        let problem = serde_json::json!({"$ref": "#/components/schemas/Problem"});
        self.schemas.check(&problem, &serde_json::from_slice(seen.body).map_err(|error| error.to_string())?)
    }

    /// Judges the whole events of a stream, and answers their names.
    ///
    /// # Errors
    ///
    /// What is not as the document says.
    pub fn judge_stream(&self, text: &str) -> Result<Vec<String>, String> {
        let stream = self.operations().find(|operation| operation.path.ends_with("/notifications/stream"));
        let stream = stream.ok_or("no stream in the document")?.value;
        self.judge_events(&stream["responses"]["200"]["content"]["text/event-stream"]["itemSchema"], text)
    }

    fn judge_events(&self, schema: &Value, text: &str) -> Result<Vec<String>, String> {
        let whole = text.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
        let mut names = Vec::new();
        for block in whole.split("\n\n") {
            let event = event(block)?;
            let Some(name) = event.get("event").and_then(Value::as_str).map(str::to_owned) else { continue };
            self.schemas.check(schema, &Value::Object(event.clone())).map_err(|why| format!("{block}: {why}"))?;
            self.judge_data(&name, &event).map_err(|why| format!("{block}: {why}"))?;
            names.push(name);
        }
        Ok(names)
    }

    /// The data of an event, by the schema of what its text holds.
    fn judge_data(&self, name: &str, event: &Map<String, Value>) -> Result<(), String> {
        let of_name = |schema: &&Value| schema["properties"]["event"]["enum"][0] == name;
        let Some(schema) = members(&self.document["components"]["schemas"]).map(|(_, schema)| schema).find(of_name)
        else {
            return json(event["data"].as_str().unwrap_or_default()).map(drop); // A signal: any JSON.
        };
        match schema["properties"]["data"].get("contentSchema") {
            Some(content) => self.schemas.check(content, &json(event["data"].as_str().unwrap_or_default())?),
            None => Ok(()),
        }
    }

    /// Judges a value by a schema of the document.
    ///
    /// # Errors
    ///
    /// What is not as the schema says.
    pub fn judge_value(&self, schema: &Value, value: &Value) -> Result<(), String> {
        self.schemas.check(schema, value)
    }

    /// What a reference means.
    #[must_use]
    pub fn resolve<'a>(&'a self, value: &'a Value) -> Option<&'a Value> {
        match value.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.document.pointer(reference.strip_prefix('#')?),
            None => Some(value).filter(|value| !value.is_null()),
        }
    }
}

/// An event's fields, as an object.
fn event(block: &str) -> Result<Map<String, Value>, String> {
    let mut event = Map::new();
    for line in block.lines().filter(|line| !line.starts_with(':')) {
        let (name, value) = line.split_once(':').ok_or_else(|| format!("a line without a colon: {line}"))?;
        let value = value.strip_prefix(' ').unwrap_or(value);
        let value = if name == "retry" { json(value)? } else { value.into() };
        if event.insert(name.to_owned(), value).is_some() {
            return Err(format!("two lines of {name}"));
        }
    }
    Ok(event)
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("{error} in {text}"))
}

fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

fn fits(template: &str, path: &str) -> bool {
    let (mut parts, mut segments) = (template.split('/'), path.split('/'));
    loop {
        match (parts.next(), segments.next()) {
            (None, None) => return true,
            (Some(part), Some(segment)) if part == segment || (part.starts_with('{') && !segment.is_empty()) => {}
            _ => return false,
        }
    }
}

fn capitals(method: &str) -> &'static str {
    match method {
        "head" => "HEAD",
        "post" => "POST",
        "put" => "PUT",
        "delete" => "DELETE",
        _ => "GET",
    }
}

#[cfg(test)]
mod tests;
