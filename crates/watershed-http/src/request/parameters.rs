use percent_encoding::percent_decode_str;

use crate::problem::{MALFORMED_PARAMETER, Problem};

/// The parameters of a URL, in their order, their escapes decoded.
#[derive(Debug, Default)]
pub(crate) struct Parameters(pub(crate) Vec<(String, String)>);

impl Parameters {
    /// Reads the part of a URL after `?`.
    pub(crate) fn of(query: Option<&str>) -> Result<Self, Problem> {
        let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let read = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decoded(name).ok_or_else(|| not_text(name))?;
            match decoded(value) {
                Some(value) => Ok((name, value)),
                None => Err(not_text(&name)),
            }
        });
        read.collect::<Result<_, Problem>>().map(Self)
    }

    /// Takes the only parameter of that name out.
    pub(crate) fn take(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        let Some(place) = self.0.iter().position(|(other, _)| other == name) else {
            return Ok(None);
        };
        let (_, value) = self.0.remove(place);
        if self.0.iter().any(|(other, _)| other == name) {
            return Err(Problem::with_field(&MALFORMED_PARAMETER, name, "is given twice"));
        }
        Ok(Some(value))
    }

    /// Takes a whole number within these bounds out.
    pub(crate) fn take_number(
        &mut self,
        name: &'static str,
        bounds: std::ops::RangeInclusive<u64>,
    ) -> Result<Option<u64>, Problem> {
        let Some(text) = self.take(name)? else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) if bounds.contains(&number) => Ok(Some(number)),
            _ if *bounds.end() == u64::MAX => {
                Err(Problem::with_field(&MALFORMED_PARAMETER, name, "must be a whole number"))
            }
            _ => {
                let wanted = format!("must be a whole number from {} to {}", bounds.start(), bounds.end());
                Err(Problem::with_field(&MALFORMED_PARAMETER, name, wanted))
            }
        }
    }

    /// Refuses what nobody has taken.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        match self.0.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => {
                Err(Problem::with_field(&MALFORMED_PARAMETER, name, "is not a parameter here"))
            }
        }
    }
}

fn not_text(name: &str) -> Problem {
    Problem::with_field(&MALFORMED_PARAMETER, name.to_owned(), "is not UTF-8 once its escapes are decoded")
}

/// As forms have it: `+` is a space, `%20` too.
fn decoded(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    if !spaced.contains('%') {
        return Some(spaced);
    }
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}
