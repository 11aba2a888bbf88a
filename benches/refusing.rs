//! How long a hostile `.github/millhand.yml` takes to be refused, beside how long a good one of a team's takes to be read.
//!
//! `cargo bench --bench refusing` prints a line for each: what it is, its bytes, the median of the runs in microseconds, and
//! the ratio to the good file, run in turn with it. Nothing is asserted: speed is not a test.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench measures and prints")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use millhand::workflow::repo_config::{FILE_BYTES_MAX, parse};

/// Runs of each; the median of fewer would swing.
const RUNS: usize = 101;

/// What a team writes.
const GOOD: &str = "limits:\n  parallel_phases: 2\n  attempts: 3\nci:\n  required: [test, lint]\n  timeout_minutes: 40\n\
                    pull_requests: { draft: until_green }\nreviewers: [ann, bob]\n";

fn main() {
    assert!(parse(GOOD.as_bytes()).is_ok(), "the file to compare with is read");
    for (what, text) in hostile() {
        assert!(parse(&text).is_err(), "{what} is refused");
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            good.push(timed(GOOD.as_bytes()));
            bad.push(timed(&text));
        }
        let (good, bad) = (median(good), median(bad));
        println!(
            "{what:<28} {:>9} bytes {:>9.1} us {:>7.1} times a good file",
            text.len(),
            bad.as_secs_f64() * 1e6,
            bad.as_secs_f64() / good.as_secs_f64()
        );
    }
}

fn timed(text: &[u8]) -> Duration {
    let since = Instant::now();
    let _ = black_box(parse(black_box(text)));
    since.elapsed()
}

fn median(mut of: Vec<Duration>) -> Duration {
    of.sort_unstable();
    of[of.len() / 2]
}

/// The families that a reader of YAML fears: as large as is read at all, where size is the point.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let fill = |line: &str| line.repeat(FILE_BYTES_MAX / line.len()).into_bytes();
    let nested = |open: &str| format!("limits: {}", open.repeat(FILE_BYTES_MAX / open.len() - 8)).into_bytes();
    let laughs: String = (1..9)
        .map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(",")))
        .collect();
    vec![
        ("10 MB", b"# nothing\n".repeat(1_000_000)),
        ("unknown keys", fill("limit_of_nothing: 1\n")),
        ("one key many times", fill("reviewers: []\n")),
        ("nested lists", nested("[")),
        ("nested maps", nested("{ a: ")),
        ("aliases of aliases", format!("a0: &a0 x\n{laughs}").into_bytes()),
        ("two documents", format!("{GOOD}---\n{GOOD}").into_bytes()),
        ("one line", fill("x")),
        ("no text", vec![0xFF; FILE_BYTES_MAX]),
    ]
}
