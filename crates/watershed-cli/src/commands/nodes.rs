use serde_json::Value;

use crate::client::Door;
use crate::error::CliError;
use crate::output::{Column, Screen, Tone, grouped, millis, text};

/// Shows the processes that share the rows, and which of them keeps which.
pub(super) async fn nodes(door: &mut Door, screen: Screen) -> Result<(), CliError> {
    let answer = door.get(&door.admin("nodes")).await?;
    if !screen.terminal {
        return Ok(screen.json(&answer)?);
    }
    if answer["shared"] != true {
        return Ok(screen.line(
            "These rows are kept by one process alone: nobody else can have them open (`store.rows` says where they are).",
        )?);
    }
    let of = |what: &str| answer[what].as_array().cloned().unwrap_or_default();
    let (nodes, seats) = (of("nodes"), of("seats"));
    if nodes.is_empty() {
        screen.line("No node has been heard of lately: nobody folds these rows.")?;
    } else {
        screen.rows(&nodes, &node_columns())?;
    }
    if seats.is_empty() { Ok(()) } else { Ok(screen.rows(&seats, &seat_columns())?) }
}

fn node_columns() -> [Column; 4] {
    [
        Column::text("node", |node| text(node, "name")),
        Column::number("heard of", |node| format!("{} ago", millis(node, "heard_ms"))),
        Column::number("keeps", |node| grouped(node, "seats")),
        Column::text("", |node| (if node["this"] == true { "this one" } else { "" }).to_owned()),
    ]
}

fn seat_columns() -> [Column; 5] {
    [
        Column::text("views and versions", |seat| text(seat, "seat")),
        Column::text("editions", editions),
        Column::text("kept by", keeper).toned(keeper_tone),
        Column::number("epoch", |seat| grouped(seat, "epoch")),
        Column::number("for another", |seat| millis(seat, "left_ms")),
    ]
}

fn editions(seat: &Value) -> String {
    if seat["group"].is_null() {
        return "of another program".to_owned();
    }
    let numbers: Vec<String> =
        seat["editions"].as_array().into_iter().flatten().map(ToString::to_string).collect();
    numbers.join(", ")
}

fn keeper(seat: &Value) -> String {
    match (seat["node"].as_str(), seat["last"].as_str()) {
        (Some(node), _) => node.to_owned(),
        (None, Some(last)) => format!("nobody ({last} was the last)"),
        (None, None) => "nobody".to_owned(),
    }
}

fn keeper_tone(seat: &Value) -> Tone {
    if seat["node"].is_string() { Tone::Plain } else { Tone::Warning }
}
