use http::StatusCode;

/// One kind of problem: what its code stands for, everywhere.
#[derive(Debug)]
pub struct ProblemKind {
    /// The stable code, which is also the name of its page: `version-mismatch`.
    pub code: &'static str,
    /// The HTTP status that it comes with.
    pub status: StatusCode,
    /// What it says, whatever the occasion.
    pub title: &'static str,
    /// Whether the same request may succeed when it is sent again, unchanged.
    pub retryable: bool,
    /// The page: what it means, why it happens, what to do. Markdown.
    pub page: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $code:literal $status:ident $retryable:literal $title:literal;)*) => {
        $(
            pub(crate) static $name: ProblemKind = ProblemKind {
                code: $code,
                status: StatusCode::$status,
                title: $title,
                retryable: $retryable,
                page: include_str!(concat!("../../../../docs/errors/", $code, ".md")),
            };
        )*

        /// Every kind, in the order of the table.
        pub static ALL: &[&ProblemKind] = &[$(&$name),*];
    };
}

kinds! {
    // The address.
    NOT_FOUND = "not-found" NOT_FOUND false "There is nothing at this address";
    MALFORMED_PATH = "malformed-path" BAD_REQUEST false "The address cannot be read";
    METHOD_NOT_ALLOWED = "method-not-allowed" METHOD_NOT_ALLOWED false "This address does not take that method";
    FOREIGN_HOST = "foreign-host" MISDIRECTED_REQUEST false "The Host header does not name this machine";
    UNKNOWN_CONTEXT = "unknown-context" NOT_FOUND false "No such context is hosted here";
    UNKNOWN_COMMAND = "unknown-command" NOT_FOUND false "There is no such command";
    UNKNOWN_VIEW = "unknown-view" NOT_FOUND false "There is no such view";
    NOT_FOLLOWED = "not-followed" NOT_ACCEPTABLE false "The lists of this view cannot be followed";
    VIEW_OFF = "view-off" NOT_FOUND false "The view is switched off";
    NO_VIEW_YET = "no-view-yet" NOT_FOUND false "The version that serves does not have the view";
    UNKNOWN_IMPORT = "unknown-import" NOT_FOUND false "There is no such import";
    UNKNOWN_QUERY = "unknown-query" NOT_FOUND false "There is no such query";
    NO_SUCH_ROW = "no-such-row" NOT_FOUND false "The view has no such row";
    NO_SUCH_STREAM = "no-such-stream" NOT_FOUND false "The stream has no events";
    // What a request says beside its body.
    MALFORMED_HEADER = "malformed-header" BAD_REQUEST false "A header is not what it should be";
    MALFORMED_PARAMETER = "malformed-parameter" BAD_REQUEST false "A parameter is not what it should be";
    BAD_ID = "bad-id" BAD_REQUEST false "The id cannot be an id";
    BAD_KEY = "bad-idempotency-key" BAD_REQUEST false "The idempotency key cannot be one";
    BAD_CURSOR = "bad-cursor" BAD_REQUEST false "The cursor is not one of this question";
    BAD_TOKEN = "bad-token" BAD_REQUEST false "This is not a consistency token";
    FOREIGN_TOKEN = "foreign-token" BAD_REQUEST false "The token belongs to another log";
    // The body.
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type" UNSUPPORTED_MEDIA_TYPE false "The body must be plain JSON";
    BODY_TOO_LARGE = "body-too-large" PAYLOAD_TOO_LARGE false "The body is too large";
    BODY_TOO_SLOW = "body-too-slow" REQUEST_TIMEOUT true "The body did not arrive in time";
    BODY_BROKEN = "body-broken" BAD_REQUEST true "The body broke off";
    NESTED_TOO_DEEP = "nested-too-deep" BAD_REQUEST false "The JSON is nested too deep";
    MALFORMED_BODY = "malformed-body" BAD_REQUEST false "The body is not what it should be";
    // The lines of an import.
    MALFORMED_LINE = "malformed-line" BAD_REQUEST false "The line is not the record that it should be";
    LINE_TOO_LONG = "line-too-long" PAYLOAD_TOO_LARGE false "The line is too long";
    TRIAGE_FULL = "triage-full" CONFLICT false "Too many lines wait to be looked at";
    TOO_MANY_IMPORTS = "too-many-imports" TOO_MANY_REQUESTS true "Too many imports at once";
    // Deciding.
    DENIED = "denied" FORBIDDEN false "Not allowed";
    REFUSED = "refused" UNPROCESSABLE_ENTITY false "The domain refuses";
    TAG_TAKEN = "tag-taken" UNPROCESSABLE_ENTITY false "What may be used once has been used";
    KEY_REUSED = "key-reused" UNPROCESSABLE_ENTITY false "The idempotency key was used for another command";
    VERSION_MISMATCH = "version-mismatch" PRECONDITION_FAILED false "The stream is at another version";
    IN_FLIGHT = "in-flight" CONFLICT true "A command with this idempotency key is under way";
    CONTENDED = "contended" CONFLICT true "Others kept changing what the command rests on";
    UNREADABLE_STREAM = "unreadable-stream" INTERNAL_SERVER_ERROR false "The stream holds what this program cannot read";
    SAVE_REFUSED = "save-refused" UNPROCESSABLE_ENTITY false "A rule of the database stands against it";
    UNFIT_STATE = "unfit-state" INTERNAL_SERVER_ERROR false "The state does not fit its tables";
    WRONG_PREMISE = "wrong-premise" INTERNAL_SERVER_ERROR false "The program names the command's premises wrongly";
    DAMAGED_LOG = "damaged-log" INTERNAL_SERVER_ERROR false "The log is damaged";
    INLINE_REFUSED = "inline-refused" INTERNAL_SERVER_ERROR false "An inline read model could not take the event";
    READ_ONLY = "read-only" SERVICE_UNAVAILABLE true "No commands are taken now";
    // Answering.
    NOT_REACHED = "not-reached" GATEWAY_TIMEOUT true "The rows have not reached the token";
    UNREADABLE_ROW = "unreadable-row" INTERNAL_SERVER_ERROR false "A stored row cannot be read";
    DAMAGED_VIEW = "damaged-view" INTERNAL_SERVER_ERROR false "The file of the view's rows is damaged";
    // Operating.
    NO_EDITION = "no-edition" NOT_FOUND false "The view has no such edition";
    NOT_PARKED = "not-parked" NOT_FOUND false "The key is not parked";
    PARKED_MOVED = "parked-moved" CONFLICT false "Another event is the parked one now";
    NO_SUCH_LINE = "no-such-line" NOT_FOUND false "No such line is kept";
    WRONG_STATE = "wrong-state" CONFLICT false "The view is not in a state for that";
    KEPT_ELSEWHERE = "kept-elsewhere" CONFLICT false "Another node keeps these rows";
    NO_AUDIT = "no-audit" NOT_IMPLEMENTED false "This store cannot be audited from here";
    // The server.
    TOO_MANY_WATCHES = "too-many-watches" TOO_MANY_REQUESTS true "Too many watches are open";
    OVERLOADED = "overloaded" SERVICE_UNAVAILABLE true "Too many requests at once";
    CLOSING = "closing" SERVICE_UNAVAILABLE true "The server is going down";
    UNAVAILABLE = "unavailable" SERVICE_UNAVAILABLE true "The store failed or is closed";
    INTERNAL = "internal" INTERNAL_SERVER_ERROR false "Something unforeseen went wrong";
}

/// The kind with that code.
pub(crate) fn of_code(code: &str) -> Option<&'static ProblemKind> {
    ALL.iter().copied().find(|kind| kind.code == code)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_its_page_and_every_page_its_code() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors");
        let pages: BTreeSet<String> = std::fs::read_dir(folder)
            .expect("docs/errors is there")
            .map(|file| file.expect("readable").file_name().into_string().expect("UTF-8"))
            .collect();
        let codes: BTreeSet<String> = ALL.iter().map(|kind| format!("{}.md", kind.code)).collect();
        assert_eq!(codes.len(), ALL.len(), "two kinds share a code");
        assert_eq!(pages, codes);
    }

    #[test]
    fn a_page_bears_its_code_and_status_and_says_what_to_do() {
        for kind in ALL {
            let heading = format!("# {} ({})\n", kind.code, kind.status.as_u16());
            assert!(kind.page.starts_with(&heading), "{} should start with {heading:?}", kind.code);
            assert!(kind.page.contains("**What to do.**"), "{}", kind.code);
            let page = kind.page.to_lowercase();
            let again = page.contains("send the same request again") || page.contains("ask again");
            assert!(again || !kind.retryable, "{}: a retryable problem says so", kind.code);
        }
    }
}
