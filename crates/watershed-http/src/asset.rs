use http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use xxhash_rust::xxh3::xxh3_64;

use crate::reply::{Body, Reply, text, value_of};

/// What a page may load and whom it may ask: ours, and nobody else. No script but in files of ours, no frame around it, no
/// form that goes elsewhere, and no text that becomes markup.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
);

/// A file that is served beside a context's API, at `/{context}/{path}`: a page for people, or what it needs.
///
/// Pages are served to everybody: what they show they ask from the API, as whoever looks at them.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    path: &'static str,
    media: &'static str,
    content: &'static str,
}

impl Asset {
    /// What stands at `path`: a name (`track.css`), or a name and anything (`track/{id}`). `media` is its media type.
    #[must_use]
    pub const fn new(path: &'static str, media: &'static str, content: &'static str) -> Self {
        Self { path, media, content }
    }

    /// Whether it stands there.
    pub(crate) fn is_at(&self, name: &str, key: Option<&str>) -> bool {
        match (self.path.split_once("/{"), key) {
            (None, None) => self.path == name,
            (Some((own, _)), Some(key)) => own == name && !key.is_empty(),
            _ => false,
        }
    }

    /// Its path, for people.
    pub(crate) fn path(&self) -> &'static str {
        self.path
    }

    /// Whether people look at it, rather than their browsers.
    pub(crate) fn is_page(&self) -> bool {
        self.media.starts_with("text/html")
    }

    /// Sends it, unless the browser has it already.
    pub(crate) fn reply(&self, headers: &HeaderMap) -> Reply {
        let tag = value_of(&format_args!("\"{:016x}\"", xxh3_64(self.content.as_bytes())));
        let known = headers.get(IF_NONE_MATCH).is_some_and(|known| known == tag);
        let mut reply = if known { Reply::new(Body::whole("")) } else { text(self.content) };
        if known {
            *reply.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = reply.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.media));
        headers.insert(ETAG, tag);
        headers.insert(CONTENT_SECURITY_POLICY, POLICY);
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        reply
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_stands_at_its_own_path_and_nowhere_else() {
        let page = Asset::new("track/{id}", "text/html", "");
        let style = Asset::new("track.css", "text/css", "");
        assert!(page.is_at("track", Some("s-1")) && style.is_at("track.css", None));
        assert!(
            !page.is_at("track", None)
                && !page.is_at("track", Some(""))
                && !page.is_at("tracks", Some("s-1"))
        );
        assert!(!style.is_at("track.css", Some("x")) && !style.is_at("track", None));
        assert!(page.is_page() && !style.is_page());
    }
}
