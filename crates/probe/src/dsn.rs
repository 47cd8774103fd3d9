//! Where a database is and who asks, as one URL. Nothing of it is ever repeated but host, port and database.

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::QuestionError;
use crate::evidence::Secrets;

/// What a data source name says.
pub(crate) struct Dsn {
    /// The scheme it began with, lower case.
    pub scheme: String,
    pub host: String,
    pub port: u16,
    pub user: Option<String>,
    pub password: Option<SecretString>,
    /// What stands behind the host, decoded.
    pub path: String,
    /// What stands behind the question mark, decoded.
    pub options: Vec<(String, String)>,
    /// User and password, for masking.
    pub secrets: Secrets,
}

/// Reads `dsn`, which must have one of `schemes`; `like` shows what a good one looks like.
pub(crate) fn read(dsn: &SecretString, schemes: &[&str], port: u16, like: &str) -> Result<Dsn, QuestionError> {
    // Neither the text nor what the parser makes of it is repeated: it may hold a password.
    let wrong = |why: &str| QuestionError::field("dsn", format!("{why}; write it like {like}"));
    let text = dsn.expose_secret().trim();
    let url = Url::parse(text).map_err(|error| wrong(&format!("is no URL ({error})")))?;
    if !schemes.contains(&url.scheme()) {
        return Err(wrong("has another scheme"));
    }
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| wrong("names no host"))?;
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(|text| text.into_owned());
    let user = decoded(url.username()).map_err(|_| wrong("has a user that is no text"))?;
    let password = url.password().map(decoded).transpose().map_err(|_| wrong("has a password that is no text"))?;
    let path = decoded(url.path().trim_start_matches('/')).map_err(|_| wrong("has a path that is no text"))?;
    let raw = [Some(url.username()), url.password()].into_iter().flatten().map(str::to_owned);
    let secrets = Secrets::new([user.clone()].into_iter().chain(password.clone()).chain(raw));
    Ok(Dsn {
        scheme: url.scheme().to_owned(),
        host: host.trim_matches(['[', ']']).to_ascii_lowercase(),
        port: url.port().unwrap_or(port),
        user: Some(user).filter(|user| !user.is_empty()),
        password: password.map(SecretString::from),
        path,
        options: url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect(),
        secrets,
    })
}
