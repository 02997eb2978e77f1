//! Facts from outside: taken once by their own ids, in their order, and nothing lost of what cannot be taken.

use std::path::Path;

use watershed::prelude::*;
use watershed::runtime::{ImportError, ImportRequest, ImportSummary, LineStatus, Looked};

use crate::bank::{self, AccountCommand, deposit, opening};

/// What another bank's file says.
#[derive(Deserialize, JsonSchema)]
struct Posting {
    id: String,
    account: String,
    /// Above zero what comes in, below what goes out.
    amount: Decimal,
}

struct Postings;

impl Import for Postings {
    type Record = Posting;
    type Command = AccountCommand;
    const NAME: &'static str = "postings";
    const DOC: &'static str = "Another bank's postings.";

    fn id(record: &Posting) -> String {
        record.id.clone()
    }

    fn command(record: Posting) -> Result<AccountCommand, Misfit> {
        let (account_id, amount) = (record.account, record.amount);
        match amount.cmp(&Decimal::ZERO) {
            std::cmp::Ordering::Greater => {
                Ok(AccountCommand::Deposit { account_id, amount, reference: None })
            }
            std::cmp::Ordering::Less => Ok(AccountCommand::Withdraw { account_id, amount: -amount }),
            std::cmp::Ordering::Equal => Err(Misfit::of("amount", "nothing was moved")),
        }
    }
}

async fn open(folder: &Path) -> Running {
    let stores = watershed::embedded(folder).unwrap();
    bank::context().import::<Postings>().start(stores).await.unwrap()
}

fn posting(id: &str, account: &str, amount: i64) -> String {
    format!(r#"{{"id":"{id}","account":"{account}","amount":"{amount}","more":true}}"#)
}

async fn bring(bank: &Running, lines: &[String]) -> Result<ImportSummary, ImportError> {
    let how = ImportRequest { source: Some("a file".into()), ..ImportRequest::default() };
    let mut importing = bank.import("postings", how)?;
    for (place, line) in lines.iter().enumerate() {
        importing.line(place as u64 + 1, line.clone().into_bytes()).await;
    }
    importing.finish().await
}

/// Taken, taken before, refused, malformed.
fn counts(summary: &ImportSummary) -> [u64; 4] {
    assert_eq!(
        summary.lines,
        summary.taken + summary.already_taken + summary.refused_lines + summary.malformed_lines
    );
    [summary.taken, summary.already_taken, summary.refused_lines, summary.malformed_lines]
}

async fn kept(bank: &Running) -> Vec<LineStatus> {
    bank.import_lines(&Principal::default(), "postings", 0, 1_000).await.unwrap().lines
}

async fn balance(bank: &Running, id: &str) -> Decimal {
    let question = bank::GetBalance { account_id: id.into() };
    bank.ask(question).after(bank.token()).await.unwrap().value.unwrap().balance
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_is_taken_once_in_one_batch_in_another_and_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let bank = open(folder.path()).await;
    bank.send(opening("a1", "Ann", "north")).await.unwrap();
    bank.send(opening("a2", "Bob", "north")).await.unwrap();
    let lines = [posting("p1", "a1", 5), posting("p2", "a1", 7), posting("p1", "a1", 5)];
    let first = bring(&bank, &lines).await.unwrap();
    assert_eq!(counts(&first), [2, 1, 0, 0]);
    // What the token stands for is there.
    let question = bank::GetBalance { account_id: "a1".into() };
    let answer = bank.ask(question).after(first.token).await.unwrap();
    assert_eq!(answer.value.unwrap().balance, Decimal::from(12));
    assert_eq!(counts(&bring(&bank, &lines).await.unwrap()), [0, 3, 0, 0]);
    bank.close().await;

    let bank = open(folder.path()).await;
    assert_eq!(counts(&bring(&bank, &lines).await.unwrap()), [0, 3, 0, 0]);
    // The first word counts; the same id on another account is worth a look.
    let others = [posting("p1", "a1", 99), posting("p1", "a2", 5)];
    let summary = bring(&bank, &others).await.unwrap();
    assert_eq!(counts(&summary), [0, 1, 1, 0]);
    assert_eq!((summary.refused[0].line, summary.refused[0].code.as_str()), (2, "key-reused"));
    assert!(summary.refused[0].reason.contains("account/a1"), "{}", summary.refused[0].reason);
    assert_eq!((balance(&bank, "a1").await, balance(&bank, "a2").await), (Decimal::from(12), Decimal::ZERO));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_of_one_stream_are_taken_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let bank = open(folder.path()).await;
    for account in 0..40 {
        bank.send(opening(&format!("a{account}"), "Ann", "north")).await.unwrap();
    }
    // Money that goes out before it has come in would be refused.
    let mut lines = Vec::new();
    for round in 0..100 {
        for account in 0..40 {
            let amount = if round % 2 == 0 { 1 } else { -1 };
            lines.push(posting(&format!("p{round}-{account}"), &format!("a{account}"), amount));
        }
    }
    assert_eq!(counts(&bring(&bank, &lines).await.unwrap()), [4_000, 0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_lines_are_told_kept_once_tried_again_and_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let bank = open(folder.path()).await;
    let operator = Principal::default();
    bank.send(opening("a1", "Ann", "north")).await.unwrap();
    let lines = [
        posting("p1", "a1", 5),
        "{\"id\":\"p2\",\"account\":".to_owned(),
        posting("p3", "nobody", 7),
        posting("p4", "a1", 0),
        posting("", "a1", 1),
        posting("p6", "", 1),
        posting("p7", "a1", 1),
    ];
    let summary = bring(&bank, &lines).await.unwrap();
    assert_eq!(counts(&summary), [2, 0, 2, 3]);
    let told = |lines: &[watershed::runtime::LeftLine]| {
        lines.iter().map(|line| (line.line, line.code.clone())).collect::<Vec<_>>()
    };
    let refused = [(3, "bank.account.unknown".to_owned()), (6, "bad-id".to_owned())];
    assert_eq!(told(&summary.refused), refused);
    assert_eq!(told(&summary.malformed), [2, 4, 5].map(|line| (line, "malformed-line".to_owned())));
    assert!(summary.malformed[1].reason.starts_with("`amount`: "), "{:?}", summary.malformed[1]);
    // Sent again, they are not kept again.
    bring(&bank, &lines).await.unwrap();
    bank.close().await;

    let bank = open(folder.path()).await;
    let lines = kept(&bank).await;
    assert_eq!(lines.len(), 5);
    assert!(lines.iter().all(|line| line.times == 2 && line.source.as_deref() == Some("a file")));
    assert_eq!(bank.imports(&operator).await.unwrap()[0].kept, 5);
    let unknown = lines.iter().find(|line| line.line == 3).unwrap();
    assert_eq!(unknown.content, posting("p3", "nobody", 7));
    let again = bank.retry_import_line(&operator, "postings", unknown.number).await.unwrap();
    assert!(matches!(&again, Looked::Left { code, .. } if code == "bank.account.unknown"), "{again:?}");
    bank.send(opening("nobody", "Nob", "north")).await.unwrap();
    let again = bank.retry_import_line(&operator, "postings", unknown.number).await.unwrap();
    assert_eq!((again, balance(&bank, "nobody").await), (Looked::Taken, Decimal::from(7)));
    let gone = bank.retry_import_line(&operator, "postings", unknown.number).await;
    assert!(matches!(gone, Err(ImportError::NoSuchLine(_))), "{gone:?}");
    // What was tried again counts as taken when it comes again.
    assert_eq!(counts(&bring(&bank, &[posting("p3", "nobody", 7)]).await.unwrap()), [0, 1, 0, 0]);

    let other = kept(&bank).await[0].number;
    bank.discard_import_line(&operator, "postings", other).await.unwrap();
    assert_eq!(kept(&bank).await.len(), 3);
    assert!(bank.import_line(&operator, "postings", other).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_everything_is_wrong_the_batch_stops_before_it_fills_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let bank = open(folder.path()).await;
    let lines: Vec<String> = (0..12_000).map(|number| format!("no json {number}")).collect();
    let stopped = bring(&bank, &lines).await;
    let Err(ImportError::TriageFull { line, most: 10_000 }) = stopped else { panic!("{stopped:?}") };
    assert!((9_000..=11_000).contains(&line), "{line}");
    let waiting = bank.imports(&Principal::default()).await.unwrap()[0].kept;
    assert!((10_000..10_256).contains(&waiting), "{waiting}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_to_a_batch_is_taken_also_where_nobody_finishes_it() {
    let folder = tempfile::tempdir().unwrap();
    let bank = open(folder.path()).await;
    bank.send(opening("a1", "Ann", "north")).await.unwrap();
    let mut importing = bank.import("postings", ImportRequest::default()).unwrap();
    for number in 0..50 {
        importing.line(number + 1, posting(&format!("p{number}"), "a1", 1).into_bytes()).await;
    }
    drop(importing);
    crate::troubles::until("all are taken", || async { bank.head() == 51 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_needs_its_commands_a_name_of_its_own_and_the_callers_right() {
    struct NoImports;
    impl Authorizer for NoImports {
        fn authorize(&self, access: &watershed::core::Access<'_>) -> Result<(), watershed::core::Denied> {
            match access.action {
                watershed::core::Action::Import { name } => {
                    Err(watershed::core::Denied::because(format!("{name} are for the night")))
                }
                _ => Ok(()),
            }
        }
    }
    let started = async |context: Context| {
        let folder = tempfile::tempdir().unwrap();
        context.start(watershed::embedded(folder.path()).unwrap()).await
    };
    let alone = started(Context::new("empty").policy(AllowAll).import::<Postings>()).await;
    assert!(matches!(alone.err(), Some(StartError::NoCommands { import: "postings", .. })));
    let twice = started(bank::context().import::<Postings>().import::<Postings>()).await;
    assert!(matches!(twice.err(), Some(StartError::Twice { what: "imports", .. })));
    let closed = started(bank::context().import::<Postings>().policy(NoImports)).await.unwrap();
    let denied = closed.import("postings", ImportRequest::default()).err();
    assert!(matches!(denied, Some(ImportError::Denied(_))), "{denied:?}");
    let unknown = closed.import("pastings", ImportRequest::default()).err();
    assert!(matches!(unknown, Some(ImportError::Unknown(_))), "{unknown:?}");
    // Others' commands go their way beside it.
    closed.send(opening("a1", "Ann", "north")).await.unwrap();
    closed.send(deposit("a1", 1)).await.unwrap();
}
