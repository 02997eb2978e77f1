//! A whole context on a log that two nodes share, each with its rows on its own disk.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use coop::family::{FamilyCommand, PaymentMethod};
use coop::queries::GetFamily;
use coop::year::{Expected, Year};
use watershed::postgres::Options;
use watershed::prelude::*;
use watershed::runtime::{Running, SendError};
use watershed_testkit::postgres::Postgres;

/// Callers, and what each sends one after the other.
const CROWD: usize = 48;
const TURNS: usize = 25;

async fn node(server: &Postgres, folder: &tempfile::TempDir) -> Running {
    let stores = watershed::shared(Options::new(server.server()), folder.path()).await.unwrap();
    coop::context().policy(AllowAll).start(stores).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_ends_as_it_should_whichever_node_it_comes_to() {
    let server = Postgres::start();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let nodes = [node(&server, &folders[0]).await, node(&server, &folders[1]).await];
    let mut families = std::collections::BTreeSet::new();
    for (place, step) in Year::new(8, 7).enumerate() {
        let (node, other) = (&nodes[place % 2], &nodes[(place + 1) % 2]);
        let family_id = step.command.id().to_owned();
        let sent = node.send(step.command.clone()).key(step.key.as_str()).await;
        match (&step.expected, &sent) {
            (Expected::Accepted, Ok(receipt)) => assert!(!receipt.replayed, "{}", step.key),
            (Expected::Replayed, Ok(receipt)) => assert!(receipt.replayed, "{}", step.key),
            (Expected::Refused(refusal), Err(SendError::Refused(said))) => {
                assert_eq!(said, refusal, "{}", step.key);
            }
            (Expected::TransactionTaken, Err(SendError::TagTaken { .. })) => {}
            other => panic!("{}: {other:?}", step.key),
        }
        // What one node has acknowledged, the other one answers with.
        if let Ok(receipt) = sent
            && place % 10 == 0
        {
            let ask = || GetFamily { family_id: family_id.clone() };
            let theirs = other.ask(ask()).after(receipt.token).await.unwrap();
            assert!(theirs.value.is_some() && !theirs.stale, "{family_id}");
        }
        families.insert(family_id);
    }
    for family_id in families {
        let token = nodes[0].token();
        let ask = || GetFamily { family_id: family_id.clone() };
        let left = nodes[0].ask(ask()).after(token).await.unwrap().value;
        let right = nodes[1].ask(ask()).after(token).await.unwrap().value;
        assert_eq!(serde_json::to_string(&left).unwrap(), serde_json::to_string(&right).unwrap());
    }
    for node in nodes {
        node.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_not_followed_on_another_log_than_they_were_folded_from() {
    let servers = [Postgres::start(), Postgres::start()];
    let folder = tempfile::tempdir().unwrap();
    node(&servers[0], &folder).await.close().await;
    let said = watershed::shared(Options::new(servers[1].server()), folder.path()).await.err().unwrap();
    assert!(said.to_string().contains("the rows in"), "{said}");
    watershed::open(None, "", folder.path()).await.err().unwrap();
    watershed::open(Some(&servers[0].server()), "watershed", folder.path()).await.unwrap();
}

/// What is refused to one caller is nothing to those who have begun anew since: or a crowd would never come through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_on_both_nodes_comes_through_on_the_same_few_families() {
    let server = Postgres::start();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let nodes = [node(&server, &folders[0]).await, node(&server, &folders[1]).await];
    for number in 0..3 {
        let command = FamilyCommand::EnrollFamily {
            family_id: format!("f{number}"),
            family_name: "Martinez".to_owned().into(),
            enrollment_date: "2025-05-01".parse().unwrap(),
            parent_name: None,
            email: None,
            phone: None,
        };
        nodes[0].send(command).await.unwrap();
    }
    let mut callers = Vec::new();
    for caller in 0..CROWD {
        let node = nodes[caller % 2].clone();
        callers.push(tokio::spawn(async move {
            let mut told = Vec::new();
            for turn in 0..TURNS {
                let command = FamilyCommand::ReceivePayment {
                    family_id: format!("f{}", (caller + turn) % 3),
                    amount: "1".parse().unwrap(),
                    date: "2025-06-01".parse().unwrap(),
                    payment_method: PaymentMethod::Cash,
                    transaction_id: format!("t{caller}-{turn}"),
                    month: None,
                };
                told.push(node.send(command).await.map(drop));
            }
            told
        }));
    }
    let mut taken = 0;
    for caller in callers {
        for told in caller.await.unwrap() {
            told.unwrap();
            taken += 1;
        }
    }
    assert_eq!(taken, CROWD * TURNS);
    for node in nodes {
        node.close().await;
    }
}
