use std::time::Duration;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{Parse, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Ident, Lit, LitInt, Token};

use super::{Args, Errors, Given, Word, literal};

/// The words of all attributes of one name on one item.
pub(crate) struct Words {
    words: Vec<Word>,
    present: bool,
}

impl Words {
    /// Reads the attributes called `attribute`. A word that is not `known`, or is said twice without being in
    /// `repeated`, is an error that lists what there is.
    pub(crate) fn read(
        attributes: &[Attribute],
        attribute: &str,
        known: &[&str],
        repeated: &[&str],
        errors: &mut Errors,
    ) -> Self {
        let mut read = Self { words: Vec::new(), present: false };
        for found in attributes.iter().filter(|found| found.path().is_ident(attribute)) {
            read.present = true;
            if let Some(args) = errors.take(Args::of(found, 0)) {
                read.words.extend(args.words);
            }
        }
        check_words(&read.words, attribute, known, repeated, errors);
        read
    }

    /// The words of arguments that have been read already.
    pub(crate) fn of(words: Vec<Word>, attribute: &str, known: &[&str], errors: &mut Errors) -> Self {
        check_words(&words, attribute, known, &[], errors);
        Self { words, present: true }
    }

    /// Whether there is such an attribute at all.
    pub(crate) fn is_present(&self) -> bool {
        self.present
    }

    /// The word of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Word> {
        self.words.iter().find(|word| word.name == name)
    }

    /// The expression that the word is set to; otherwise an error with an example.
    pub(crate) fn value(&self, name: &str, example: &str, errors: &mut Errors) -> Option<&Expr> {
        let word = self.get(name)?;
        match &word.given {
            Given::Value(value) => Some(value),
            _ => {
                errors.say(word, format!("write `{example}`"));
                None
            }
        }
    }

    /// The text that the word is set to.
    pub(crate) fn text(&self, name: &str, example: &str, errors: &mut Errors) -> Option<syn::LitStr> {
        let value = self.value(name, example, errors)?;
        if let Some(Lit::Str(text)) = literal(value) {
            return Some(text.clone());
        }
        errors.say(value, format!("expected a text: `{example}`"));
        None
    }

    /// The whole number that the word is set to.
    pub(crate) fn number(&self, name: &str, example: &str, errors: &mut Errors) -> Option<u32> {
        let value = self.value(name, example, errors)?;
        if let Some(Lit::Int(number)) = literal(value) {
            return errors.take(number.base10_parse());
        }
        errors.say(value, format!("expected a whole number: `{example}`"));
        None
    }

    /// What the word is set to, read as a `T`: a type, a name.
    pub(crate) fn parsed<T: Parse>(&self, name: &str, example: &str, errors: &mut Errors) -> Option<T> {
        let value = self.value(name, example, errors)?;
        let parsed = syn::parse2(value.to_token_stream()).ok();
        if parsed.is_none() {
            errors.say(value, format!("write `{example}`"));
        }
        parsed
    }

    /// Whether the word is there, on its own.
    pub(crate) fn flag(&self, name: &str, errors: &mut Errors) -> bool {
        let Some(word) = self.get(name) else { return false };
        if !matches!(word.given, Given::Nothing) {
            errors.say(word, format!("`{name}` stands on its own"));
        }
        true
    }

    /// The lists that come with the words of that name, read as `T`s.
    pub(crate) fn lists<T: Parse>(
        &self,
        name: &str,
        example: &str,
        errors: &mut Errors,
    ) -> Vec<(&Ident, Vec<T>)> {
        let mut lists = Vec::new();
        for word in self.words.iter().filter(|word| word.name == name) {
            let Given::List(list) = &word.given else {
                errors.say(word, format!("write `{example}`"));
                continue;
            };
            match list_of(list) {
                Ok(list) if list.is_empty() => errors.say(word, format!("write `{example}`")),
                Ok(list) => lists.push((&word.name, list)),
                Err(error) => errors.add(error),
            }
        }
        lists
    }
}

fn check_words(words: &[Word], attribute: &str, known: &[&str], repeated: &[&str], errors: &mut Errors) {
    for (place, word) in words.iter().enumerate() {
        let name = word.name.to_string();
        if !known.contains(&name.as_str()) {
            let known = match known {
                [] => "it takes none".to_owned(),
                known => format!("its words are `{}`", known.join("`, `")),
            };
            // Of words within words: `tables(children`.
            let ends = ")".repeat(attribute.matches('(').count());
            errors.say(&word.name, format!("`#[{attribute}(..){ends}]` knows no word `{name}`; {known}"));
        } else if !repeated.contains(&name.as_str())
            && words[..place].iter().any(|earlier| earlier.name == word.name)
        {
            errors.say(&word.name, format!("`{name}` is said twice"));
        }
    }
}

fn list_of<T: Parse>(tokens: &TokenStream) -> syn::Result<Vec<T>> {
    let list = Punctuated::<T, Token![,]>::parse_terminated.parse2(tokens.clone())?;
    Ok(list.into_iter().collect())
}

/// A duration as contracts write it: `500ms`, `2s`, `5m`, `1h`, `1d`. A number with such a suffix is one literal to Rust.
pub(crate) fn duration(expression: &Expr) -> syn::Result<Duration> {
    let wrong =
        || syn::Error::new_spanned(expression, "write a duration as `500ms`, `2s`, `5m`, `1h` or `1d`");
    let Some(Lit::Int(number)) = literal(expression) else {
        return Err(wrong());
    };
    let millis = millis_of(number).ok_or_else(wrong)?;
    if millis == 0 {
        return Err(syn::Error::new_spanned(expression, "a duration is above zero"));
    }
    Ok(Duration::from_millis(millis))
}

fn millis_of(number: &LitInt) -> Option<u64> {
    let unit: u64 = match number.suffix() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.base10_digits().parse::<u64>().ok()?.checked_mul(unit)
}
