//! GraphQL at `/api/graphql`, by GitHub's own schema.
//!
//! A document is parsed, validated, judged (page sizes, number of nodes), then executed by apollo-compiler's engine over the
//! world. Nothing is matched by text.
//!
//! Invariant: a document runs under one lock of the world; its mutations run in order, each by itself.

mod bounds;
mod connection;
mod execute;
mod fields;
mod http;
mod mutations;
mod object;
mod schema;

pub use http::router;
pub use schema::schema;

#[cfg(test)]
pub(in crate::sim) mod bench;
#[cfg(test)]
mod tests;
