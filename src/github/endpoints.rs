//! Where GitHub is: REST, GraphQL and web addresses, derived from one another.
//!
//! Invariant: every address is https, or http to this machine, and holds no credentials.

use url::{Host, Url};

/// The three addresses of one GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// REST, without a slash at the end: `https://api.github.com`, `https://HOST/api/v3`.
    pub api: String,
    /// GraphQL: `https://api.github.com/graphql`, `https://HOST/api/graphql`.
    pub graphql: String,
    /// Pages and git, without a slash at the end: `https://github.com`, `https://HOST`.
    pub web: String,
}

/// Why an address cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// The text is no absolute http address.
    #[error("{name} is not an http or https address")]
    NotAnAddress {
        /// The setting.
        name: &'static str,
    },
    /// Plain http to another machine would show tokens to everybody on the way.
    #[error("{name} must begin with https:// unless it is this machine")]
    Plain {
        /// The setting.
        name: &'static str,
    },
    /// The address holds a user, a password, a query or a fragment.
    #[error("{name} must hold neither credentials nor a query")]
    Extra {
        /// The setting.
        name: &'static str,
    },
}

impl Endpoints {
    /// github.com.
    #[must_use]
    pub fn github_com() -> Self {
        Self {
            api: "https://api.github.com".to_owned(),
            graphql: "https://api.github.com/graphql".to_owned(),
            web: "https://github.com".to_owned(),
        }
    }

    /// Derives what is not given from `GITHUB_API_URL`: `/api/v3` goes with `/api/graphql` and the host's root (Enterprise
    /// Server), `api.` in front of the host with `/graphql` and the host without it (github.com and its subdomains).
    ///
    /// # Errors
    /// The setting that cannot be used, and why.
    pub fn derive(api: &str, graphql: Option<&str>, web: Option<&str>) -> Result<Self, EndpointError> {
        let api = address("GITHUB_API_URL", api)?;
        let graphql = match graphql {
            Some(given) => address("GITHUB_GRAPHQL_URL", given)?,
            None => match api.strip_suffix("/api/v3") {
                Some(root) => format!("{root}/api/graphql"),
                None => format!("{api}/graphql"),
            },
        };
        let web = match web {
            Some(given) => address("GITHUB_SERVER_URL", given)?,
            None => match api.strip_suffix("/api/v3") {
                Some(root) => root.to_owned(),
                None => api.replacen("://api.", "://", 1),
            },
        };
        Ok(Self { api, graphql, web })
    }
}

/// Whether `url` may be asked: https, or http to this machine.
pub(super) fn is_guarded(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        },
        _ => false,
    }
}

fn address(name: &'static str, text: &str) -> Result<String, EndpointError> {
    let url = Url::parse(text.trim()).map_err(|_| EndpointError::NotAnAddress { name })?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(EndpointError::NotAnAddress { name });
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(EndpointError::Extra { name });
    }
    if !is_guarded(&url) {
        return Err(EndpointError::Plain { name });
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_addresses_follow_from_the_api() {
        let rows = [
            (
                "https://api.github.com",
                "https://api.github.com/graphql",
                "https://github.com",
            ),
            (
                "https://api.github.com/",
                "https://api.github.com/graphql",
                "https://github.com",
            ),
            (
                "https://git.acme.example/api/v3",
                "https://git.acme.example/api/graphql",
                "https://git.acme.example",
            ),
            (
                "https://api.acme.ghe.com",
                "https://api.acme.ghe.com/graphql",
                "https://acme.ghe.com",
            ),
            (
                "http://127.0.0.1:4000/api/v3/",
                "http://127.0.0.1:4000/api/graphql",
                "http://127.0.0.1:4000",
            ),
        ];
        for (api, graphql, web) in rows {
            let derived = Endpoints::derive(api, None, None).unwrap();
            assert_eq!((derived.graphql.as_str(), derived.web.as_str()), (graphql, web), "{api}");
        }
        assert_eq!(
            Endpoints::derive("https://api.github.com", None, None).unwrap(),
            Endpoints::github_com()
        );
    }

    #[test]
    fn a_given_address_wins() {
        let given = Endpoints::derive(
            "https://h.example/api/v3",
            Some("https://g.example/q"),
            Some("https://w.example/"),
        )
        .unwrap();
        assert_eq!(
            (given.graphql.as_str(), given.web.as_str()),
            ("https://g.example/q", "https://w.example")
        );
    }

    #[test]
    fn an_address_that_would_leak_is_refused_by_name() {
        let rows = [
            ("github.com", EndpointError::NotAnAddress { name: "GITHUB_API_URL" }),
            ("ftp://github.com", EndpointError::NotAnAddress { name: "GITHUB_API_URL" }),
            (
                "http://github.example/api/v3",
                EndpointError::Plain { name: "GITHUB_API_URL" },
            ),
            (
                "https://user:secret@github.com",
                EndpointError::Extra { name: "GITHUB_API_URL" },
            ),
            ("https://github.com/?a=b", EndpointError::Extra { name: "GITHUB_API_URL" }),
        ];
        for (api, error) in rows {
            assert_eq!(Endpoints::derive(api, None, None), Err(error), "{api}");
        }
    }
}
