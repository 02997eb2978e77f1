//! The page on which customers see where their parcel is, in a real browser.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::process::Running;

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

fn book(server: &Running, id: &str, city: &str) {
    let body = json!({
        "shipment_id": id, "customer_id": "cus-1", "carrier": "fedex", "service_class": "ground",
        "origin_hub": "MEM", "origin_city": "Memphis", "destination_city": city,
        "eta": "2024-11-09T20:00:00Z", "booked_at": "2024-11-04T08:00:00Z",
    });
    let (status, answer) =
        server.post("/api/parcel/commands/BookShipment", "application/json", &body.to_string());
    assert_eq!(status, 200, "{answer}");
}

/// A line of the carrier's file.
fn report(server: &Running, shipment: &str, event_id: &str, status: &str, at: &str, city: &str) {
    let line = json!({
        "event_id": event_id, "carrier": "fedex", "tracking_number": shipment,
        "occurred_at": format!("2024-11-{at}:00Z"), "status": status, "location": { "city": city },
    });
    let (answered, answer) =
        server.post("/api/parcel/imports/carrier_reports", "application/x-ndjson", &line.to_string());
    let summary: Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!((answered, &summary["taken"]), (200, &json!(1)), "{answer}");
}

fn start(folder: &tempfile::TempDir) -> Running {
    Running::start(&folder.path().join("data"), &SERVE)
}

/// Waits until the page shows this fact, with its time: for machines as it is, for people in the words of their country.
fn shows(browser: &Browser, words: &str, time: &str, place: &str) {
    browser.until("#fact", words);
    assert_eq!(
        browser.run("return document.querySelector('#fact time').dateTime"),
        format!("{time}:00.000Z")
    );
    let said = browser.text("#fact");
    let (date, clock) = time.split_once('T').expect("a time");
    let day = date.rsplit_once('-').expect("a date").1.trim_start_matches('0');
    for part in [day, "November 2024", clock, "UTC", place] {
        assert!(said.contains(part), "{part} in {said:?}");
    }
}

fn is_shown(browser: &Browser, selector: &str) -> bool {
    let script = format!("return document.querySelector({}).checkVisibility()", json!(selector));
    browser.run(&script) == true
}

#[test]
fn the_page_shows_the_time_of_its_fact_and_moves_on_by_itself_after_a_scan() {
    let Some(browser) = Browser::open() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let server = start(&folder);
    book(&server, "s-1", "Oakland");
    browser.go(&format!("{}/parcel/track/s-1", server.url));
    shows(&browser, "Booked", "2024-11-04T08:00", "");
    browser.until("#live", "updates by itself");
    assert_eq!(browser.text(".which"), "Parcel s-1");
    assert_eq!((browser.text("#origin"), browser.text("#destination")), ("Memphis".into(), "Oakland".into()));
    assert_eq!(browser.text("#carrier"), "FedEx Ground");
    assert_eq!(browser.text("[aria-current=step]"), "Booked");
    browser.picture("booked");

    report(&server, "s-1", "1", "PU", "04T12:00", "Memphis");
    shows(&browser, "Picked up", "2024-11-04T12:00", "in Memphis");
    report(&server, "s-1", "2", "OD", "08T09:30", "Oakland");
    shows(&browser, "On the van since", "2024-11-08T09:30", "in Oakland");
    assert_eq!(browser.text("[aria-current=step]"), "Out for delivery");
    assert!(!is_shown(&browser, "#cancel"), "it is on the van");
    browser.picture("on-the-van");
    // What is heard late moves nothing back.
    report(&server, "s-1", "3", "AR", "07T03:00", "San Jose");
    report(&server, "s-1", "4", "DL", "08T14:05", "Oakland");
    browser.until("#headline", "Delivered on 8 November 2024");
    shows(&browser, "Delivered", "2024-11-08T14:05", "in Oakland");
    assert!(!is_shown(&browser, "#cancel"));
    assert!(!is_shown(&browser, "#expected"));
    assert_eq!(browser.run("return document.title"), "Delivered on 8 November 2024 – parcel s-1");
    browser.picture("delivered");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn whoever_cancels_sees_their_own_write_at_once_also_where_the_view_stands_still() {
    let Some(browser) = Browser::open() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let server = start(&folder);
    book(&server, "s-1", "Oakland");
    browser.go(&format!("{}/parcel/track/s-1", server.url));
    browser.until("#live", "updates by itself");
    // The view is paused: nothing is pushed, and only a token that is demanded brings the write to light.
    let pause = "/admin/parcel/views/customer_tracking_view/pause";
    assert_eq!(server.post(pause, "application/json", "{}").0, 200);
    browser.click("#cancel");
    browser.until("#sure", "Cancel this parcel?");
    browser.picture("sure");
    browser.click("#keep");
    assert!(!is_shown(&browser, "#sure"));
    browser.click("#cancel");
    browser.click("#really");
    browser.until("#headline", "Cancelled");
    browser.until("#fact", "Cancelled: ");
    assert!(!is_shown(&browser, "#cancel") && !is_shown(&browser, "#steps"));
    assert_eq!(browser.run("return document.activeElement.id"), "headline");
    browser.picture("cancelled");
    let resume = "/admin/parcel/views/customer_tracking_view/resume";
    assert_eq!(server.post(resume, "application/json", "{}").0, 200);
    let stream: Value =
        serde_json::from_str(&server.get("/api/parcel/streams/shipment/s-1").1).expect("JSON");
    assert_eq!(stream["events"].as_array().map(Vec::len), Some(2), "{stream}");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_cancellation_that_comes_too_late_is_refused_in_words() {
    let Some(browser) = Browser::open() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let server = start(&folder);
    book(&server, "s-1", "Oakland");
    browser.go(&format!("{}/parcel/track/s-1", server.url));
    browser.until("#live", "updates by itself");
    browser.click("#cancel");
    let pause = "/admin/parcel/views/customer_tracking_view/pause";
    assert_eq!(server.post(pause, "application/json", "{}").0, 200);
    report(&server, "s-1", "2", "OD", "08T09:30", "Oakland");
    browser.click("#really");
    browser.until("#trouble", "it cannot be cancelled any more.");
    browser.picture("too-late");
}

#[test]
fn a_parcel_that_nobody_knows_says_so_and_appears_once_it_is_booked() {
    let Some(browser) = Browser::open() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let server = start(&folder);
    // An id that is markup stays text, wherever it is shown.
    let id = "<img src=x onerror=alert(1)>";
    browser.go(&format!("{}/parcel/track/%3Cimg%20src=x%20onerror=alert(1)%3E", server.url));
    browser.until("#headline", "We do not know this parcel");
    assert_eq!(browser.text("#shipment"), id);
    assert!(!is_shown(&browser, "#steps") && !is_shown(&browser, "#cancel"));
    browser.picture("unknown");
    book(&server, id, "<b>Oakland</b>");
    browser.until("#fact", "Booked: ");
    assert_eq!(browser.text("#destination"), "<b>Oakland</b>");
    assert_eq!(browser.run("return document.querySelectorAll('img, b').length"), 0);
    let complaints: Vec<_> =
        browser.complaints().into_iter().filter(|complaint| !complaint.contains("404")).collect();
    assert_eq!(complaints, Vec::<String>::new());
}

#[test]
fn a_lost_connection_is_said_and_news_come_again_when_the_server_does() {
    let Some(browser) = Browser::open() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let server = start(&folder);
    let address = server.url.trim_start_matches("http://").to_owned();
    book(&server, "s-1", "Oakland");
    browser.go(&format!("{}/parcel/track/s-1", server.url));
    browser.until("#live", "updates by itself");
    server.signal("KILL");
    drop(server);
    browser.until("#connection", "No connection; trying again. This is how it stood at ");
    assert_eq!(browser.text("#live"), "");
    assert!(browser.text("#fact").contains("Booked"), "what was known stays");
    browser.picture("no-connection");

    let server = Running::start(&folder.path().join("data"), &["serve", "--listen", &address]);
    browser.until("#live", "updates by itself");
    assert_eq!(browser.text("#connection"), "");
    report(&server, "s-1", "1", "DE", "06T12:00", "Memphis");
    shows(&browser, "Held up since", "2024-11-06T12:00", "in Memphis");
    browser.picture("held-up");
}

#[test]
fn the_page_and_what_it_needs_are_served_strictly_and_name_nobody_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = start(&folder);
    for path in ["track/s-1", "track.js", "track.css", "track.svg"] {
        let (status, body) = server.get(&format!("/parcel/{path}"));
        assert_eq!(status, 200, "{path}");
        let foreign = body.replace("http://www.w3.org/2000/svg", "").contains("://");
        assert!(!foreign, "{path} names somebody else");
        let head = server.head_of(&format!("/parcel/{path}"));
        assert!(head.contains("content-security-policy: default-src 'none'; script-src 'self'"), "{head}");
        assert!(head.contains("x-content-type-options: nosniff"), "{head}");
    }
    for path in
        ["/parcel/track", "/parcel/other", "/coop/track/s-1", "/nobody/track/s-1", "/parcel/track.js/x"]
    {
        let (status, body) = server.get(path);
        assert_eq!(status, 404, "{path}: {body}");
    }
    assert!(server.get("/").1.contains("/parcel/track/{id}"));
}
