//! The API's bearer token.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, header};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use super::AppState;
use super::answer::ApiError;

/// Lets only those on who send the token.
pub(super) async fn require_token(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if is_allowed(state.0.parts.api_token.as_ref(), request.headers()) {
        next.run(request).await
    } else {
        ApiError::NoToken.into_response()
    }
}

fn is_allowed(token: Option<&SecretString>, headers: &HeaderMap) -> bool {
    let Some(token) = token else { return false };
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (sent.next(), sent.next()) else {
        return false;
    };
    let Some((scheme, given)) = only.to_str().ok().and_then(|text| text.split_once(' ')) else {
        return false;
    };
    // Digests have one length, so that the time tells nothing of the token's.
    let (ours, theirs) = (Sha256::digest(token.expose_secret()), Sha256::digest(given.trim()));
    let same = aws_lc_rs::constant_time::verify_slices_are_equal(&ours, &theirs).is_ok();
    same && scheme.eq_ignore_ascii_case("bearer")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(sent: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in sent {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn only_the_token_opens() {
        let token = SecretString::from("t0ken");
        for good in ["Bearer t0ken", "bearer t0ken", "Bearer  t0ken"] {
            assert!(is_allowed(Some(&token), &headers(&[good])), "{good}");
        }
        for bad in [
            "",
            "t0ken",
            "Bearer",
            "Bearer ",
            "Bearer t0ke",
            "Bearer t0kenn",
            "Bearer T0KEN",
            "Basic t0ken",
            "Bearer t0ken x",
        ] {
            assert!(!is_allowed(Some(&token), &headers(&[bad])), "{bad}");
        }
        assert!(!is_allowed(Some(&token), &headers(&[])));
        assert!(
            !is_allowed(Some(&token), &headers(&["Bearer t0ken", "Bearer t0ken"])),
            "which of two counts is anybody's guess"
        );
    }

    #[test]
    fn without_a_token_nobody_is_let_in() {
        for sent in ["Bearer ", "Bearer null", "Bearer t0ken"] {
            assert!(!is_allowed(None, &headers(&[sent])), "{sent}");
        }
    }
}
