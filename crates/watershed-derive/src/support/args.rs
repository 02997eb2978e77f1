use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, Ident, Meta, Token, token};

/// What stands in an attribute's brackets: leading values, then words.
#[derive(Default)]
pub(crate) struct Args {
    /// The leading values.
    pub(crate) values: Vec<Expr>,
    /// The words after them.
    pub(crate) words: Vec<Word>,
}

/// `name`, `name = value` or `name(list)`.
pub(crate) struct Word {
    pub(crate) name: Ident,
    pub(crate) given: Given,
}

/// What a word comes with.
pub(crate) enum Given {
    Nothing,
    Value(Box<Expr>),
    List(TokenStream),
}

impl ToTokens for Word {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.name.to_tokens(tokens);
        match &self.given {
            Given::Nothing => {}
            Given::Value(value) => value.to_tokens(tokens),
            Given::List(list) => list.to_tokens(tokens),
        }
    }
}

impl Args {
    /// Reads `attribute`; its first `values` arguments are values, whatever they look like.
    pub(crate) fn of(attribute: &Attribute, values: usize) -> syn::Result<Self> {
        match &attribute.meta {
            Meta::Path(_) => Ok(Self::default()),
            Meta::List(list) => {
                (|input: ParseStream<'_>| Self::parse(input, values)).parse2(list.tokens.clone())
            }
            Meta::NameValue(pair) => {
                let name = pair.path.to_token_stream();
                Err(syn::Error::new_spanned(pair, format!("write `#[{name}(..)]`, with round brackets")))
            }
        }
    }

    /// Reads the list that a word came with.
    pub(crate) fn list(list: &TokenStream) -> syn::Result<Self> {
        (|input: ParseStream<'_>| Self::parse(input, 0)).parse2(list.clone())
    }

    fn parse(input: ParseStream<'_>, values: usize) -> syn::Result<Self> {
        let mut args = Self::default();
        while !input.is_empty() {
            if args.values.len() < values && args.words.is_empty() && !starts_named(input) {
                args.values.push(input.parse()?);
            } else {
                args.words.push(word(input)?);
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(args)
    }
}

/// Whether `name = value` comes next: never a value.
fn starts_named(input: ParseStream<'_>) -> bool {
    input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==])
}

fn word(input: ParseStream<'_>) -> syn::Result<Word> {
    if !input.peek(Ident::peek_any) {
        return Err(input.error("expected a word, as in `name = \"..\"`"));
    }
    let name = input.call(Ident::parse_any)?;
    let given = if input.peek(token::Paren) {
        let list;
        syn::parenthesized!(list in input);
        Given::List(list.parse()?)
    } else if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        Given::Value(Box::new(input.parse()?))
    } else {
        Given::Nothing
    };
    Ok(Word { name, given })
}
