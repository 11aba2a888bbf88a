//! The bot on a disk that fails it, and the bot that is told to stop: sentences and exit codes at the start, patience while
//! it runs, and nothing lost.
//!
//! Invariant: whatever was done to the disk, once it is whole again the work goes on to the same end.

use std::process::Command;

use sqlx::Connection as _;

use super::end::End;
use super::run;
use super::town::{Plan, Town};

/// The issue of the seed, without CI.
const PLAN: Plan = Plan {
    webhooks: true,
    estranged: false,
    no_ci: true,
    objects_to: None,
    settings: &[
        ("MILLHAND__RECONCILE__ACTIVE_SECONDS", "1"),
        // A webhook that could not be stored is not sent again by itself: what it told of is found by looking.
        ("MILLHAND__RECONCILE__IDLE_SECONDS", "1"),
        ("MILLHAND__DEFAULTS__CI__ABSENT", "proceed"),
        ("MILLHAND__DEFAULTS__CI__GRACE_MINUTES", "0.01"),
    ],
};

/// Largest file in blocks of 512 bytes: a new database fits, the work does not.
const SMALL: u32 = 1400;

/// A bot at work: the plan stands in the issue.
fn at_work() -> Town {
    let mut town = Town::found(PLAN);
    town.serve();
    town.label();
    town.until(|_, workflow| workflow["plan"]["hash"].is_string());
    town
}

/// Ends the work and looks at what there is.
fn assert_ends_well(mut town: Town) {
    town.until_complete();
    town.assert_replays();
    let end = End::of(&town);
    assert!(end.is_single(), "{end:#?}");
    assert_eq!(town.take_bot().stop(), 0);
    let found: String = town.runtime().block_on(async {
        let mut database = town.database().await;
        sqlx::query_scalar("pragma integrity_check")
            .fetch_one(&mut database)
            .await
            .unwrap()
    });
    assert_eq!(found, "ok");
}

fn database_answers(town: &Town) -> bool {
    let (_, ready) = town.bot_says("/readyz").unwrap();
    ready["database"] == "ok"
}

/// Starts the bot, which cannot; the one sentence that it ends with.
fn refusal(bot: &mut Command) -> String {
    let (code, _, err) = run(bot.arg("serve").env("RUST_LOG", "off"));
    assert_eq!(code, 1, "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    err
}

#[test]
fn told_to_stop_it_ends_well_and_goes_on_when_it_is_started() {
    let mut town = at_work();
    for merged in 0..3 {
        town.until(|_, workflow| {
            let phases = workflow["phases"].as_array().unwrap();
            phases.iter().filter(|phase| phase["merged"].is_string()).count() >= merged
        });
        let (code, said) = town.take_bot().end();
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("Stopping.") && !said.contains("did not end in time"), "{said}");
        town.serve();
    }
    assert_ends_well(town);
}

#[test]
fn a_database_that_another_program_holds_is_waited_for() {
    let mut town = at_work();
    let mut stranger = town.runtime().block_on(town.database());
    town.runtime()
        .block_on(sqlx::query("begin immediate").execute(&mut stranger))
        .unwrap();
    town.until(|town, _| !database_answers(town));
    town.runtime()
        .block_on(sqlx::query("rollback").execute(&mut stranger))
        .unwrap();
    town.runtime().block_on(stranger.close()).unwrap();
    assert_ends_well(town);
}

#[test]
fn a_full_disk_stops_the_work_and_loses_nothing() {
    let mut town = Town::found(PLAN);
    let bot = town.bot();
    let mut small = Command::new("sh");
    // The signal for a file that grows too long is ignored, so that the write fails as it does on a full disk.
    small.args(["-c", &format!("trap '' XFSZ; ulimit -f {SMALL}; exec \"$0\" serve")]);
    small.arg(bot.get_program()).env_clear().current_dir(town.folder.path());
    small.envs(bot.get_envs().filter_map(|(name, value)| Some((name, value?))));
    town.serve_as(&mut small);
    town.label();
    town.until_said("the database cannot grow");
    let (status, alive) = town.bot_says("/healthz").unwrap();
    assert_eq!(status, 200, "{alive}");
    let (code, said) = town.take_bot().end();
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains("panicked"), "{said}");
    town.end_leases();
    town.serve();
    assert_ends_well(town);
}

#[test]
fn a_database_that_was_cut_short_is_refused_and_left_as_it_is() {
    let mut town = at_work();
    assert_eq!(town.take_bot().stop(), 0);
    let file = town.folder.path().join("millhand.db");
    let whole = std::fs::read(&file).unwrap();
    let mut broken = whole.clone();
    broken[..100].fill(0xff);
    for damaged in [&whole[..whole.len() / 2], &broken] {
        std::fs::write(&file, damaged).unwrap();
        let told = refusal(&mut town.bot());
        assert!(
            told.starts_with("millhand: MILLHAND_DATABASE_URL: ") && told.contains("millhand.db"),
            "{told}"
        );
        assert!(std::fs::read(&file).unwrap() == damaged, "the file was changed");
    }
    std::fs::write(&file, whole).unwrap();
    town.serve();
    assert_ends_well(town);
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_nobody_writes_to_is_named() {
    let town = Town::found(PLAN);
    let told = refusal(town.bot().env("MILLHAND_DATABASE_URL", "sqlite:///proc/self/millhand.db"));
    assert!(
        told.starts_with("millhand: MILLHAND_DATABASE_URL: ") && told.contains("/proc/self/millhand.db"),
        "{told}"
    );
}
