//! The description of everything.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::site::Site;

#[tokio::test]
async fn every_command_view_and_query_is_described_and_no_reference_leads_nowhere() {
    let site = Site::open().await;
    let document = site.get("/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    for path in [
        "/api/lending/commands/BuyBook",
        "/api/lending/imports/slips",
        "/admin/lending/imports/{import}/{number}",
        "/api/lending/views/books",
        "/api/lending/views/books/{key}",
        "/api/lending/views/books/{key}/watch",
        "/api/lending/queries/dear_books",
        "/api/lending/streams/{category}/{id}",
        "/admin/lending/views/{view}/rebuild",
        "/admin/lending/views/{view}/workers",
    ] {
        assert!(document["paths"].get(path).is_some(), "{path}");
    }
    let buy = &document["paths"]["/api/lending/commands/BuyBook"]["post"];
    assert_eq!(buy["summary"], "Adds a book. An id is made where none is given.");
    let required = buy["requestBody"]["content"]["application/json"]["schema"]["required"].clone();
    assert_eq!(required, serde_json::json!(["title", "price", "shelf"]));
    for path in ["/api/lending/views/books", "/api/lending/queries/dear_books"] {
        let content = &document["paths"][path]["get"]["responses"]["200"]["content"];
        assert!(
            content["text/event-stream"].is_object() && content["application/json"].is_object(),
            "{path}"
        );
    }
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let path = reference.strip_prefix('#').expect("within the document");
        assert!(document.pointer(path).is_some(), "{reference} leads nowhere");
    }
}

#[tokio::test]
async fn every_problem_is_listed() {
    let site = Site::open().await;
    let document = site.get("/openapi.json").await.json();
    for kind in watershed_http::PROBLEM_KINDS {
        assert!(document["components"]["responses"].get(kind.code).is_some(), "{}", kind.code);
    }
    let responses = &document["paths"]["/api/lending/commands/BuyBook"]["post"]["responses"];
    for status in ["200", "400", "403", "408", "409", "412", "413", "415", "422", "500", "503"] {
        assert!(responses.get(status).is_some(), "{status}");
    }
    let row = document["components"]["schemas"]["BookRow"]["properties"].as_object().expect("a row's schema");
    assert!(row.contains_key("due") && !row.contains_key("last_reader"), "internal columns are not told");
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                references.insert(reference.clone());
            }
            fields.values().for_each(|value| collect(value, references));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}
