//! The table of routes: method, path as GitHub writes it, who may call, what answers.
//!
//! Invariant: what an App must be granted to read is written here and nowhere else; what it must be granted to write is said
//! by the operation, which GraphQL and git go through as well.

use super::call::Handler;
use super::{actions, apps, checks, comments, commits, contents, git, issues, labels, pulls, repositories, reviews};

/// Who may call a route at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody.
    Anyone,
    /// An App by its JWT.
    App,
    /// Anybody with credentials of a person or an installation.
    Caller,
    /// Whoever sees the repository of the path; an App also needs this permission.
    Read(&'static str),
    /// Anybody with credentials who sees the repository of the path; the rest is asked by the operation.
    Write,
}

/// One route.
#[derive(Debug)]
pub(crate) struct Route {
    /// Method.
    pub(crate) method: &'static str,
    /// Path, as in GitHub's description.
    pub(crate) path: &'static str,
    /// Who may call.
    pub(crate) access: Access,
    /// What answers.
    pub(crate) run: Handler,
}

/// A route.
pub(crate) const fn route(method: &'static str, path: &'static str, access: Access, run: Handler) -> Route {
    Route {
        method,
        path,
        access,
        run,
    }
}

/// All routes.
pub(crate) static ROUTES: [&[Route]; 12] = [
    &apps::ROUTES,
    &repositories::ROUTES,
    &git::ROUTES,
    &contents::ROUTES,
    &commits::ROUTES,
    &pulls::ROUTES,
    &reviews::ROUTES,
    &issues::ROUTES,
    &comments::ROUTES,
    &labels::ROUTES,
    &checks::ROUTES,
    &actions::ROUTES,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_route_stands_twice_and_reads_are_told_from_writes() {
        let mut seen = BTreeSet::new();
        for route in ROUTES.iter().flat_map(|routes| routes.iter()) {
            assert!(
                seen.insert((route.method, route.path)),
                "{} {} stands twice",
                route.method,
                route.path
            );
            let expected = match (route.path.starts_with("/repos/{owner}/{repo}"), route.method) {
                (false, _) => !matches!(route.access, Access::Read(_) | Access::Write),
                (true, "GET") => matches!(route.access, Access::Read(_) | Access::App),
                (true, _) => route.access == Access::Write,
            };
            assert!(expected, "{} {} has {:?}", route.method, route.path, route.access);
        }
        assert!(seen.len() > 100, "{}", seen.len());
    }
}
