//! What a push wants to move, and how it is told that it may not.
//!
//! The commands are the first pkt-lines of the body of `git-receive-pack`, up to the flush packet.
//! Source: git's documentation, gitprotocol-pack, "Reference Update Request and Packfile Transfer".
//!
//! Invariant: a push is refused wholly: every command is answered, and none is carried out.

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};

use crate::sim::git::parse_oid;
use crate::sim::ops::refs::RefMove;

/// A push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Push {
    /// What it wants to move.
    pub(super) moves: Vec<RefMove>,
    /// Whether the client takes the answer in side bands.
    side_band: bool,
}

/// Why a push is refused.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused<'a> {
    /// The words behind each ref.
    pub(super) short: &'a str,
    /// What is shown as `remote: ...`.
    pub(super) long: &'a str,
}

/// Reads the commands of a push.
///
/// # Errors
/// A sentence, when the body is none.
pub(super) fn read(body: &[u8]) -> Result<Push, &'static str> {
    let mut push = Push {
        moves: Vec::new(),
        side_band: false,
    };
    let mut rest = body;
    loop {
        let (line, after) = pkt_line(rest).ok_or("The push is cut off.")?;
        rest = after;
        let Some(line) = line else { return Ok(push) };
        let text = std::str::from_utf8(line).map_err(|_| "A ref name is not UTF-8.")?;
        let (command, capabilities) = text.split_once('\0').unwrap_or((text, ""));
        push.side_band |= capabilities.split(' ').any(|word| word == "side-band-64k");
        if command.starts_with("shallow ") {
            continue;
        }
        push.moves
            .push(ref_move(command.trim_end_matches('\n')).ok_or("A command of the push is not understood.")?);
    }
}

fn ref_move(command: &str) -> Option<RefMove> {
    let mut words = command.splitn(3, ' ');
    let (old, new, name) = (parse_oid(words.next()?)?, parse_oid(words.next()?)?, words.next()?);
    let present = |oid: crate::sim::git::Oid| if oid.is_null() { None } else { Some(oid) };
    Some(RefMove {
        name: name.to_owned(),
        before: Some(present(old)),
        after: present(new),
        force: true,
    })
}

/// The first pkt-line and what follows; `None` inside is the flush packet.
fn pkt_line(body: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let length = usize::from_str_radix(std::str::from_utf8(body.get(..4)?).ok()?, 16).ok()?;
    match length {
        0 => Some((None, &body[4..])),
        1..=3 => None,
        _ => Some((Some(body.get(4..length)?), body.get(length..)?)),
    }
}

/// The answer that refuses every command of a push.
pub(super) fn refused(push: &Push, why: &Refused<'_>) -> Response<Body> {
    let mut report = Vec::new();
    put(&mut report, b"unpack ok\n");
    for change in &push.moves {
        put(&mut report, format!("ng {} {}\n", change.name, why.short).as_bytes());
    }
    report.extend_from_slice(b"0000");
    let mut body = Vec::new();
    if push.side_band {
        if !why.long.is_empty() {
            put_band(&mut body, 2, format!("{}\n", why.long.trim()).as_bytes());
        }
        put_band(&mut body, 1, &report);
        body.extend_from_slice(b"0000");
    } else {
        body = report;
    }
    let mut response = Response::new(Body::from(body));
    let kind = HeaderValue::from_static("application/x-git-receive-pack-result");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn put(out: &mut Vec<u8>, line: &[u8]) {
    out.extend_from_slice(format!("{:04x}", line.len() + 4).as_bytes());
    out.extend_from_slice(line);
}

fn put_band(out: &mut Vec<u8>, band: u8, bytes: &[u8]) {
    // A side-band packet holds at most 65,515 bytes beside its band.
    for part in bytes.chunks(65_515) {
        let mut line = vec![band];
        line.extend_from_slice(part);
        put(out, &line);
    }
}

#[cfg(test)]
mod tests {
    use super::{Push, put, read};

    const A: &str = "e83c5163316f89bfbde7d9ab23ca2e25604af290";
    const NONE: &str = "0000000000000000000000000000000000000000";

    fn body(lines: &[String]) -> Vec<u8> {
        let mut out = Vec::new();
        for line in lines {
            put(&mut out, line.as_bytes());
        }
        out.extend_from_slice(b"0000PACK...");
        out
    }

    #[test]
    fn commands_are_read_up_to_the_flush() {
        let lines = [
            format!("{NONE} {A} refs/heads/x\0 report-status side-band-64k"),
            format!("{A} {NONE} refs/heads/y\n"),
        ];
        let Push { moves, side_band } = read(&body(&lines)).unwrap();
        assert!(side_band);
        let seen: Vec<_> = moves
            .iter()
            .map(|m| (m.name.as_str(), m.before.unwrap().is_some(), m.after.is_some()))
            .collect();
        assert_eq!(seen, [("refs/heads/x", false, true), ("refs/heads/y", true, false)]);
    }

    #[test]
    fn what_is_no_push_is_refused() {
        for bytes in [&b""[..], b"00", b"0003", b"zzzz", b"0010abc", b"000bgarbage0000"] {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
    }
}
