//! The reference page: the table of keys as Markdown.

use super::keys::{
    ALL,
    Form::{List, OneOf, Secret, SecretList, Text, Whole},
    Key,
};

/// The whole page, docs/configuration.md.
pub(crate) fn page() -> String {
    let rows: String = ALL.iter().filter(|key| key.built).map(|key| row(key)).collect();
    let later: Vec<_> = ALL.iter().filter(|key| !key.built).map(|key| format!("`{}`", key.name)).collect();
    let head = include_str!("reference.md");
    format!("{head}{rows}\nNot in this build, and refused when set: {}.\n", later.join(", "))
}

fn row(key: &Key) -> String {
    let default = if key.default.is_empty() { "–".into() } else { format!("`{}`", key.default.replace(',', "`, `")) };
    let file = if key.form.is_secret() { " *" } else { "" };
    format!("| `{}`{file} | {} | {default} | {} {} |\n", key.name, form(key), key.what, key.why)
}

fn form(key: &Key) -> String {
    match key.form {
        Text | Secret => "text".into(),
        Whole(from, to) => format!("{from}–{to}"),
        OneOf(words) => words.join(", "),
        List | SecretList => "list".into(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_in_the_documentation_is_this_one() {
        let kept =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md")).unwrap();
        assert_eq!(kept, super::page(), "`cargo run -q -- config --reference > docs/configuration.md` writes it anew");
    }
}
