//! Faults on requests, as switched on by `POST /_sim/faults`.
//!
//! Invariant: a switch with a count disturbs exactly that many requests.

use crate::sim::world::{Fault, World};

/// Status of a fault that names none.
const DEFAULT_STATUS: u16 = 502;

/// The fault that hits this request, the oldest switch first; uses up one of its count. `path` is without the query.
pub fn take(world: &mut World, method: &str, path: &str) -> Option<Fault> {
    let hit = world.fault_switches.iter().position(|switch| {
        switch.count != Some(0)
            && switch
                .method
                .as_deref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && matches(&switch.path, path)
    })?;
    let switch = &mut world.fault_switches[hit];
    let fault = Fault {
        kind: switch.fault,
        status: switch.status.unwrap_or(DEFAULT_STATUS),
        retry_after: switch.retry_after,
    };
    if let Some(count) = &mut switch.count {
        *count -= 1;
        if *count == 0 {
            world.fault_switches.remove(hit);
        }
    }
    Some(fault)
}

/// Whether `text` matches `pattern`: a prefix, or with `*` (anything but a slash) and `**` (anything) the whole.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    if !pattern.contains('*') {
        return text.starts_with(pattern);
    }
    let glob = globset::GlobBuilder::new(pattern).literal_separator(true).build();
    glob.is_ok_and(|glob| glob.compile_matcher().is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::world::{FaultKind, FaultSwitch};

    #[test]
    fn a_switch_with_a_count_is_used_up() {
        let dir = tempfile::tempdir().unwrap();
        let mut world = crate::sim::tests::world(dir.path());
        let switch = |method: Option<&str>, path: &str, count| FaultSwitch {
            method: method.map(ToOwned::to_owned),
            path: path.to_owned(),
            fault: FaultKind::Status,
            status: Some(503),
            retry_after: Some(7),
            count,
        };
        world.fault_switches = vec![
            switch(Some("POST"), "/api/v3/repos", Some(2)),
            switch(None, "/api/graphql", None),
        ];
        assert_eq!(take(&mut world, "GET", "/api/v3/repos/acme/todo"), None);
        let expected = Some(Fault {
            kind: FaultKind::Status,
            status: 503,
            retry_after: Some(7),
        });
        for _ in 0..2 {
            assert_eq!(take(&mut world, "post", "/api/v3/repos/acme/todo"), expected);
        }
        assert_eq!(take(&mut world, "POST", "/api/v3/repos/acme/todo"), None);
        for _ in 0..3 {
            assert_eq!(take(&mut world, "POST", "/api/graphql"), expected);
        }
    }

    #[test]
    fn paths_match_by_prefix_or_by_pattern() {
        let rows = [
            ("", "/api/v3/anything", true),
            ("/api/graphql", "/api/graphql", true),
            ("/api/graphql", "/api/v3/graphql", false),
            ("/api/v3/repos", "/api/v3/repos/acme/todo", true),
            ("/api/v3/repos/*/todo", "/api/v3/repos/acme/todo", true),
            ("/api/v3/repos/*/todo", "/api/v3/repos/acme/todo/pulls", false),
            ("/api/v3/repos/*/todo/**", "/api/v3/repos/acme/todo/pulls/1", true),
            ("/api/*/pulls", "/api/v3/repos/pulls", false),
        ];
        for (pattern, text, expected) in rows {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }
}
