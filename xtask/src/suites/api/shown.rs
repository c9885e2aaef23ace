//! What a public API shows of other crates, as rustdoc's JSON says it.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};

/// Items of other crates, as `crate::Name`, each with a place where it is shown.
pub(super) type Shown = BTreeMap<String, String>;

/// Everybody has these, in the version of their compiler.
const FREE: [&str; 3] = ["std", "core", "alloc"];

/// Reads a page of rustdoc, which holds what is public and nothing else. What is in `own` packages does not count.
pub(super) fn shown(page: &str, own: &[String]) -> Result<Shown, String> {
    let page: Value = serde_json::from_str(page).map_err(|error| error.to_string())?;
    let (Some(index), Some(paths)) = (page["index"].as_object(), page["paths"].as_object()) else {
        return Err("rustdoc has changed its format".to_owned());
    };
    let not_written: HashSet<u64> = index.values().filter(|item| !is_written(item)).flat_map(items).collect();
    let mut shown = Shown::new();
    for (id, item) in index {
        let written = is_written(item) && !id.parse().is_ok_and(|id| not_written.contains(&id));
        if written && item["crate_id"] == 0 {
            visit(&item["inner"], &mut |id| {
                if let Some(name) = paths.get(&id.to_string()).and_then(|path| foreign(path, own)) {
                    shown.entry(name).or_insert_with(|| place(item));
                }
            });
        }
    }
    Ok(shown)
}

/// Not an `impl` that the compiler has found by itself.
fn is_written(item: &Value) -> bool {
    let found = &item["inner"]["impl"];
    found["is_synthetic"] != true && found["blanket_impl"].is_null()
}

fn items(found: &Value) -> impl Iterator<Item = u64> {
    found["inner"]["impl"]["items"].as_array().into_iter().flatten().filter_map(Value::as_u64)
}

/// Finds every reference: an object with an id and a name.
fn visit(value: &Value, found: &mut impl FnMut(u64)) {
    match value {
        Value::Object(members) => {
            reference(members).into_iter().for_each(&mut *found);
            members.values().for_each(|member| visit(member, found));
        }
        Value::Array(elements) => elements.iter().for_each(|element| visit(element, found)),
        _ => {}
    }
}

fn reference(members: &Map<String, Value>) -> Option<u64> {
    let named = members.contains_key("path") || members.contains_key("name");
    members.get("id").filter(|_| named)?.as_u64()
}

/// `crate::Name`, without the modules between, which are often private; `None` for what is no other crate's.
fn foreign(summary: &Value, own: &[String]) -> Option<String> {
    let path = summary["path"].as_array()?;
    let (of, name) = (path.first()?.as_str()?, path.last()?.as_str()?);
    let is_own = own.iter().any(|package| package.replace('-', "_") == of);
    let free = summary["crate_id"] == 0 || is_own || FREE.contains(&of);
    (!free).then(|| format!("{of}::{name}"))
}

fn place(item: &Value) -> String {
    let name = item["name"].as_str().unwrap_or("an impl");
    let span = &item["span"];
    format!("{name}, {}:{}", span["filename"].as_str().unwrap_or("?"), span["begin"][0])
}
