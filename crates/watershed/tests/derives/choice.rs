use std::collections::BTreeMap;

use watershed::core::{ColumnKind, ColumnType, Input, IntoInput, Value};
use watershed::prelude::*;

use crate::domain::Medium;

#[test]
fn a_choice_is_its_word_everywhere() {
    let words: Vec<&str> = Medium::ALL.iter().map(|medium| medium.as_str()).collect();
    assert_eq!(words, ["book", "audio_book", "dvd"]);
    for medium in Medium::ALL {
        let word = medium.to_string();
        assert_eq!(word.parse::<Medium>().unwrap(), *medium);
        let json = serde_json::to_string(medium).unwrap();
        assert_eq!(json, format!("\"{word}\""));
        assert_eq!(serde_json::from_str::<Medium>(&json).unwrap(), *medium);
        assert_eq!(medium.to_value(), Value::Text(word.as_str().into()));
        assert_eq!(Medium::from_value(medium.to_value()).unwrap(), *medium);
        let counted = BTreeMap::from([(word, Decimal::from(1))]);
        assert_eq!(medium.into_input(), Input::Words(counted));
    }
    assert_eq!(Medium::KIND, ColumnKind::Text);
    assert_eq!(format!("[{:>6}]", Medium::Dvd), "[   dvd]");
}

#[test]
fn a_wrong_word_is_told_the_right_ones() {
    let told = "`vinyl` is none of book, audio_book, dvd";
    assert_eq!("vinyl".parse::<Medium>().unwrap_err().to_string(), told);
    let json = serde_json::from_str::<Medium>("\"vinyl\"").unwrap_err().to_string();
    assert!(json.starts_with(told), "{json}");
    assert_eq!(Medium::from_value(Value::Text("vinyl".into())).unwrap_err(), told);
    assert!(Medium::from_value(Value::Null).unwrap_err().contains("null"));
    // The Rust name is no word: what is written is what is read.
    assert!("AudioBook".parse::<Medium>().is_err());
}

#[test]
fn a_choice_is_described_by_its_words() {
    let schema = schemars::schema_for!(Medium);
    assert_eq!(schema.get("enum").unwrap(), &serde_json::json!(["book", "audio_book", "dvd"]));
    assert_eq!(schema.get("type").unwrap(), "string");
    assert_eq!(schema.get("description").unwrap(), "What is lent.");
}

#[test]
fn a_choice_can_be_a_key_of_nested_data() {
    let counts = BTreeMap::from([(Medium::Dvd, 2)]);
    let json = serde_json::to_string(&counts).unwrap();
    assert_eq!(json, r#"{"dvd":2}"#);
    assert_eq!(serde_json::from_str::<BTreeMap<Medium, i32>>(&json).unwrap(), counts);
}
