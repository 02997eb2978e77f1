use std::borrow::Cow;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use super::ProblemKind;
use crate::reply::{Body, Reply};

/// A problem on its way to the caller.
#[derive(Debug)]
pub(crate) struct Problem(Box<Content>);

#[derive(Debug)]
struct Content {
    kind: &'static ProblemKind,
    /// The domain's own code, where it is the domain that refuses.
    code: Cow<'static, str>,
    detail: String,
    fields: Vec<FieldProblem>,
    /// The node that is to be asked instead.
    node: Option<String>,
    headers: HeaderMap,
}

/// What is wrong with one field, header or parameter.
#[derive(Debug, Serialize)]
struct FieldProblem {
    field: Cow<'static, str>,
    detail: String,
}

/// The document, in the order in which it is written.
#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
    code: &'a str,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldProblem],
}

impl Problem {
    /// A problem of that kind, with what is wrong on this occasion.
    pub(crate) fn new(kind: &'static ProblemKind, detail: impl Into<String>) -> Self {
        let code = Cow::Borrowed(kind.code);
        let (fields, headers) = (Vec::new(), HeaderMap::new());
        Self(Box::new(Content { kind, code, detail: detail.into(), fields, node: None, headers }))
    }

    /// A problem with one field, header or parameter.
    pub(crate) fn with_field(
        kind: &'static ProblemKind,
        field: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        let (field, detail) = (field.into(), detail.into());
        let mut problem = Self::new(kind, format!("`{field}`: {detail}"));
        problem.0.fields.push(FieldProblem { field, detail });
        problem
    }

    /// The same problem under the domain's own code.
    pub(crate) fn under_code(mut self, code: &'static str) -> Self {
        self.0.code = code.into();
        self
    }

    /// The same problem in other words.
    pub(crate) fn with_detail(mut self, detail: String) -> Self {
        self.0.detail = detail;
        self
    }

    /// The same problem with a field that it is about.
    pub(crate) fn about(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        let detail = self.0.detail.clone();
        self.0.fields.push(FieldProblem { field: field.into(), detail });
        self
    }

    /// The same problem with the node that can do what this one cannot.
    pub(crate) fn kept_by(mut self, node: String) -> Self {
        self.0.node = Some(node);
        self
    }

    /// The same problem with a header beside it.
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// The same problem with these headers beside it.
    pub(crate) fn headers(mut self, headers: HeaderMap) -> Self {
        self.0.headers.extend(headers);
        self
    }

    /// The kind.
    pub(crate) fn kind(&self) -> &'static ProblemKind {
        self.0.kind
    }

    /// The document, for a request for `instance`.
    pub(crate) fn document(&self, instance: &str) -> String {
        let Content { kind, code, detail, fields, node, .. } = &*self.0;
        let document = Document {
            r#type: format!("/errors/{code}"),
            title: kind.title,
            status: kind.status.as_u16(),
            detail,
            instance,
            code,
            retryable: kind.retryable,
            node: node.as_deref(),
            errors: fields,
        };
        // invariant: texts and numbers can always be written as JSON.
        serde_json::to_string(&document).unwrap_or_default()
    }

    /// The response to a request for `instance`.
    pub(crate) fn into_reply(self, instance: &str) -> Reply {
        let document = self.document(instance);
        let Content { kind, mut headers, .. } = *self.0;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if kind.retryable && kind.status != StatusCode::CONFLICT {
            headers.entry(RETRY_AFTER).or_insert(HeaderValue::from_static("1"));
        }
        let mut reply = Reply::new(Body::whole(document));
        *reply.status_mut() = kind.status;
        *reply.headers_mut() = headers;
        reply
    }
}
