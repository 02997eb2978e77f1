use syn::ext::IdentExt;
use syn::{Field, LitStr};

use crate::support::Errors;

/// Whether a message says something and names the variant's fields only.
pub(super) fn is_sound(message: &LitStr, fields: &[&Field], errors: &mut Errors) -> bool {
    let text = message.value();
    let fields: Vec<String> = fields
        .iter()
        .filter_map(|field| field.ident.as_ref())
        .map(|ident| ident.unraw().to_string())
        .collect();
    let empty = text.trim().is_empty().then(|| "the message is empty: say in words why not".to_owned());
    let mut problems: Vec<String> = empty.into_iter().collect();
    problems.extend(names_in(&text).into_iter().filter_map(|name| problem_of(&name, &fields)));
    for problem in &problems {
        errors.say(message, problem);
    }
    problems.is_empty()
}

/// What is wrong with naming `name`.
fn problem_of(name: &str, fields: &[String]) -> Option<String> {
    const BRACE: &str = "(a brace itself is written `{{`)";
    if fields.iter().any(|field| field == name) {
        return None;
    }
    if name.chars().all(|letter| letter.is_ascii_digit()) {
        return Some(format!("name the field that stands there, as in `{{amount}}` {BRACE}"));
    }
    let has = match fields {
        [] => "the variant has no fields".to_owned(),
        fields => format!("the variant's fields are `{}`", fields.join("`, `")),
    };
    Some(format!("the message names `{{{name}}}`, but {has} {BRACE}"))
}

/// The names between braces, without what says how to print them.
fn names_in(message: &str) -> Vec<String> {
    let plain = message.replace("{{", "").replace("}}", "");
    plain
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
        .map(|inside| inside.split(':').next().unwrap_or(inside).trim().to_owned())
        .collect()
}
