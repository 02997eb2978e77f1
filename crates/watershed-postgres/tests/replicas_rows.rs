//! Questions that say with a token what is new enough are answered by standbys, and never with less than that.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::{Duration, Instant};

use coop::queries::{FamiliesByRiskTier, GetFamily, ListAtRiskFamilies};
use coop::year::{Expected, Step, Year};
use watershed::core::ports::ManualClock;
use watershed::core::{Command as _, Token};
use watershed::prelude::*;
use watershed_postgres::Options;
use watershed_testkit::postgres::Postgres;

async fn node(server: &Postgres, standby: Option<&Postgres>) -> Running {
    let mut options = Options::new(server.server());
    options.replicas = standby.into_iter().map(Postgres::server).collect();
    let stores = watershed::on_postgres(options).await.unwrap();
    let now = "2025-06-01T12:00:00Z".parse().unwrap();
    coop::context().policy(AllowAll).clock(ManualClock::at(now)).start(stores).await.unwrap()
}

async fn play(node: &Running, steps: &[Step]) -> Token {
    for step in steps {
        let sent = node.send(step.command.clone()).key(step.key.as_str()).await;
        let accepted = matches!(step.expected, Expected::Accepted | Expected::Replayed);
        assert_eq!(sent.is_ok(), accepted, "{}: {sent:?}", step.key);
    }
    node.token()
}

/// One row, a page and a rollup, and how far each was folded.
async fn answers(node: &Running, family: &str, token: Option<Token>) -> Result<Vec<(String, u64)>, String> {
    let mut answers = Vec::new();
    macro_rules! ask {
        ($query:expr) => {
            let asked = node.ask($query);
            let asked = match token {
                Some(token) => asked.after(token).await,
                None => asked.await,
            };
            let asked = asked.map_err(|error| error.to_string())?;
            answers.push((serde_json::to_string(&asked.value).unwrap(), asked.position));
        };
    }
    ask!(GetFamily { family_id: family.to_owned() });
    ask!(ListAtRiskFamilies { min_risk: 0 });
    ask!(FamiliesByRiskTier {});
    Ok(answers)
}

fn values(answers: &[(String, u64)]) -> Vec<&str> {
    answers.iter().map(|(value, _)| value.as_str()).collect()
}

/// Waits until a server has the rows of everything that the token stands for.
async fn caught_up(server: &Postgres, token: Token) {
    let begun = Instant::now();
    while server.sql("SELECT min(position) FROM watershed.checkpoints") != token.position.to_string() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the rows do not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_answers_with_what_is_new_enough_and_the_primary_where_it_has_not_come_so_far() {
    let mut server = Postgres::start();
    let steps: Vec<Step> = Year::new(6, 31).collect();
    let (first, second) = steps.split_at(steps.len() / 2);
    let family = steps[0].command.id().to_owned();
    let alone = node(&server, None).await;
    let early = play(&alone, first).await;
    let standby = server.standby();
    let node = node(&server, Some(&standby)).await;
    caught_up(&standby, early).await;
    let before = answers(&alone, &family, Some(early)).await.unwrap();
    standby.sql("SELECT pg_wal_replay_pause()");

    let late = play(&node, second).await;
    caught_up(&server, late).await;
    let now = answers(&alone, &family, Some(late)).await.unwrap();
    assert_ne!(values(&before), values(&now));
    for _ in 0..10 {
        let of_standby = answers(&node, &family, Some(early)).await.unwrap();
        assert_eq!(of_standby, before, "the standby answers where that is enough");
        assert_eq!(answers(&node, &family, Some(late)).await.unwrap(), now, "it does not where it is not");
        assert_eq!(answers(&node, &family, None).await.unwrap(), now, "nor to whoever says nothing");
    }

    // Without the primary there is what the standby has, and nothing else.
    standby.sql("SELECT pg_wal_replay_resume()");
    caught_up(&standby, late).await;
    server.kill();
    assert_eq!(answers(&node, &family, Some(late)).await.unwrap(), now);
    answers(&node, &family, None).await.unwrap_err();
    // And without the standby what the primary has.
    server.up();
    let mut standby = standby;
    standby.kill();
    let begun = Instant::now();
    while let Err(error) = answers(&node, &family, None).await {
        assert!(begun.elapsed() < Duration::from_secs(20), "{error}");
    }
    assert_eq!(answers(&node, &family, Some(late)).await.unwrap(), now);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_of_another_log_or_one_that_follows_no_more_is_not_asked() {
    let (mut server, stranger) = (Postgres::start(), Postgres::start());
    let (ours, theirs): (Vec<Step>, Vec<Step>) = (Year::new(4, 32).collect(), Year::new(4, 33).collect());
    let family = ours[0].command.id().to_owned();
    let other = node(&stranger, None).await;
    let their = play(&other, &theirs).await;
    let of_stranger = stranger.standby();
    caught_up(&of_stranger, their).await;
    let alone = node(&server, None).await;
    let token = play(&alone, &ours).await;
    caught_up(&server, token).await;
    let wanted = answers(&alone, &family, Some(token)).await.unwrap();
    for other in [&of_stranger, &stranger] {
        let node = node(&server, Some(other)).await;
        let early = Token { position: 1, ..token };
        assert_eq!(values(&answers(&node, &family, Some(early)).await.unwrap()), values(&wanted));
        node.close().await;
    }

    let promoted = server.standby();
    caught_up(&promoted, token).await;
    let node = node(&server, Some(&promoted)).await;
    assert_eq!(answers(&node, &family, Some(token)).await.unwrap(), wanted);
    promoted.sql("SELECT pg_promote()");
    server.kill();
    answers(&node, &family, Some(token)).await.unwrap_err();
}
