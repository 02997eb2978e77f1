use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;

use super::fields::{Children, Fields};
use super::head::Head;
use crate::row::{RowField, from_value, to_value};
use crate::support::{at, option_of};

/// `impl Tables`.
pub(super) fn tables(ident: &Ident, head: &Head, fields: &Fields<'_>) -> TokenStream {
    let (table, id, version) = (&head.table, &head.id, &head.version);
    let tenant = optional(head.tenant.as_deref());
    let columns = fields.columns.iter().map(column);
    let children = fields.children.iter().map(|child| child_table(head, child));
    let kept = match &head.kept {
        Some(kept) => quote!(::watershed::__private::with(self, #kept)),
        None => quote!(true),
    };
    let values = fields.columns.iter().map(to_value);
    let rows = fields.children.iter().map(|child| {
        let (ident, ty) = (child.ident, child.ty);
        quote_spanned!(at(ty)=> <#ty as ::watershed::core::write::Children>::to_rows(&self.#ident)?)
    });
    let from_rows = from_rows(head, fields);
    quote! {
        #[automatically_derived]
        impl ::watershed::core::Tables for #ident {
            fn spec() -> ::watershed::core::TablesSpec {
                ::watershed::core::TablesSpec {
                    root: ::watershed::core::StateTable {
                        name: #table,
                        tenant: #tenant,
                        id: #id,
                        key: ::std::vec::Vec::new(),
                        columns: ::std::vec![#(#columns),*],
                    },
                    version: #version,
                    children: ::std::vec![#(#children),*],
                }
            }

            fn to_rows(
                &self,
            ) -> ::core::result::Result<::watershed::core::StateRows, ::watershed::core::ColumnError> {
                ::core::result::Result::Ok(::watershed::core::StateRows {
                    kept: #kept,
                    root: ::std::vec![#(#values),*],
                    children: ::std::vec![#(#rows),*],
                })
            }

            #from_rows
        }
    }
}

fn from_rows(head: &Head, fields: &Fields<'_>) -> TokenStream {
    let table = &head.table;
    let columns: Vec<Ident> = (0..fields.columns.len()).map(|place| local("column", place)).collect();
    let children: Vec<Ident> = (0..fields.children.len()).map(|place| local("child", place)).collect();
    let (some, several) = (columns.len(), children.len());
    let stored = fields.columns.iter().zip(&columns).map(|(field, local)| {
        let (ident, value) = (field.ident, from_value(field, local));
        quote!(#ident: #value)
    });
    let rows = fields.children.iter().zip(&children).map(|(child, local)| {
        let (ident, ty) = (child.ident, child.ty);
        quote_spanned!(at(ty)=> #ident: <#ty as ::watershed::core::write::Children>::from_rows(#local)?)
    });
    quote! {
        fn from_rows(
            rows: ::watershed::core::StateRows,
        ) -> ::core::result::Result<Self, ::watershed::core::ColumnError> {
            let [#(#columns),*] = ::watershed::__private::columns::<#some>(#table, rows.root)?;
            let [#(#children),*] = ::watershed::__private::children::<#several>(#table, rows.children)?;
            ::core::result::Result::Ok(Self { #(#stored,)* #(#rows,)* })
        }
    }
}

/// `impl TableRow`.
pub(super) fn row(ident: &Ident, fields: &Fields<'_>) -> TokenStream {
    let name = ident.to_string();
    let columns = fields.columns.iter().map(column);
    let values = fields.columns.iter().map(to_value);
    let locals: Vec<Ident> = (0..fields.columns.len()).map(|place| local("column", place)).collect();
    let count = locals.len();
    let stored = fields.columns.iter().zip(&locals).map(|(field, local)| {
        let (ident, value) = (field.ident, from_value(field, local));
        quote!(#ident: #value)
    });
    quote! {
        #[automatically_derived]
        impl ::watershed::core::TableRow for #ident {
            const COLUMNS: &'static [::watershed::core::StateColumn] = &[#(#columns),*];

            fn to_values(
                &self,
            ) -> ::core::result::Result<
                ::std::vec::Vec<::watershed::core::Value>,
                ::watershed::core::ColumnError,
            > {
                ::core::result::Result::Ok(::std::vec![#(#values),*])
            }

            fn from_values(
                values: ::std::vec::Vec<::watershed::core::Value>,
            ) -> ::core::result::Result<Self, ::watershed::core::ColumnError> {
                let [#(#locals),*] = ::watershed::__private::columns::<#count>(#name, values)?;
                ::core::result::Result::Ok(Self { #(#stored,)* })
            }
        }
    }
}

/// The column's `StateColumn`.
fn column(field: &RowField<'_>) -> TokenStream {
    let (name, ty) = (&field.name, field.ty);
    let (kind, optional) = if field.json {
        let optional = option_of(ty).is_some();
        (quote!(::watershed::core::ColumnKind::Json), quote!(#optional))
    } else {
        let ty = quote_spanned!(at(ty)=> <#ty as ::watershed::core::ColumnType>);
        (quote!(#ty::KIND), quote!(#ty::OPTIONAL))
    };
    quote!(::watershed::core::StateColumn { name: #name, kind: #kind, optional: #optional })
}

fn child_table(head: &Head, children: &Children<'_>) -> TokenStream {
    let (child, ty) = (&children.child, children.ty);
    let (table, parent, key) = (&child.table, &child.parent, &child.key);
    // What belongs to a tenant's aggregate is the tenant's, unless the table says otherwise.
    let tenant = match child.untenanted {
        true => None,
        false => child.tenant.as_deref().or(head.tenant.as_deref()),
    };
    let tenant = optional(tenant);
    let columns = quote_spanned! {at(ty)=>
        <#ty as ::watershed::core::write::Children>::columns(&[#(#key),*])
    };
    quote! {
        ::watershed::core::StateTable {
            name: #table,
            tenant: #tenant,
            id: #parent,
            key: ::std::vec::Vec::new(),
            columns: #columns,
        }
        .keyed_by(&[#(#key),*])
    }
}

fn optional(name: Option<&str>) -> TokenStream {
    match name {
        Some(name) => quote!(::core::option::Option::Some(#name)),
        None => quote!(::core::option::Option::None),
    }
}

fn local(what: &str, place: usize) -> Ident {
    format_ident!("{what}_{place}", span = Span::mixed_site())
}
