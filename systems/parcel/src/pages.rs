//! The page where a customer sees where their parcel is: plain HTML, a style sheet and a script, as they are served.
//!
//! Nothing here serves them: that is for whoever hosts the context, at `/parcel/track/{id}` and, for what the page needs,
//! `/parcel/track.css`, `/parcel/track.js` and `/parcel/track.svg`. The page asks and watches
//! [`crate::views::CustomerTracking`] over the context's own API, and sends `CancelShipment`.

/// The page. It is the same for every parcel: which one is meant it takes from its address.
pub const TRACK_HTML: &str = include_str!("../pages/track.html");
/// How it looks.
pub const TRACK_CSS: &str = include_str!("../pages/track.css");
/// What it does.
pub const TRACK_JS: &str = include_str!("../pages/track.js");
/// Its sign in a browser's tab.
pub const TRACK_SVG: &str = include_str!("../pages/track.svg");
