//! The schemas of a document, made strict: a member that is not in a schema is a fault, although clients must bear with it.

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// All schemas of a document, compiled when they are asked for.
pub(super) struct Schemas {
    components: Value,
    compiled: Mutex<HashMap<String, Arc<Validator>>>,
}

impl fmt::Debug for Schemas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Schemas")
    }
}

impl Schemas {
    pub(super) fn of(document: &Value) -> Self {
        let mut schemas = document["components"]["schemas"].clone();
        schemas.as_object_mut().into_iter().flatten().for_each(|(_, schema)| close(schema, Place::Part));
        Self { components: json!({"schemas": schemas}), compiled: Mutex::default() }
    }

    /// Checks a value by a schema, whose references lead to the document's components.
    pub(super) fn check(&self, schema: &Value, value: &Value) -> Result<(), String> {
        if schema.is_null() {
            return Err("no schema".into());
        }
        let validator = self.compiled(schema)?;
        let faults: Vec<_> =
            validator.iter_errors(value).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
        if faults.is_empty() { Ok(()) } else { Err(format!("{} in {value}", faults.join("; "))) }
    }

    fn compiled(&self, schema: &Value) -> Result<Arc<Validator>, String> {
        let name = schema.to_string();
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(validator) = compiled.get(&name) {
            return Ok(Arc::clone(validator));
        }
        let mut whole = schema.clone();
        close(&mut whole, Place::Whole);
        whole["components"] = self.components.clone();
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        let validator = Arc::new(options.build(&whole).map_err(|error| error.to_string())?);
        compiled.insert(name, Arc::clone(&validator));
        Ok(validator)
    }
}

/// Where a schema stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It describes a value by itself: members that it does not know are faults.
    Whole,
    /// It is one of several that describe a value together.
    Part,
}

fn close(schema: &mut Value, place: Place) {
    let Some(members) = schema.as_object_mut() else { return };
    for (keyword, inner) in members.iter_mut() {
        match keyword.as_str() {
            "allOf" | "oneOf" | "anyOf" => each(inner, Place::Part),
            "properties" => {
                inner.as_object_mut().into_iter().flatten().for_each(|(_, inner)| close(inner, Place::Whole));
            }
            "items" => close(inner, Place::Whole),
            _ => {}
        }
    }
    let describes_members =
        ["properties", "allOf", "oneOf", "anyOf", "$ref"].iter().any(|word| members.contains_key(*word));
    if place == Place::Whole && describes_members {
        members.insert("unevaluatedProperties".into(), false.into());
    }
}

fn each(schemas: &mut Value, place: Place) {
    schemas.as_array_mut().into_iter().flatten().for_each(|schema| close(schema, place));
}
