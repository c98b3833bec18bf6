//! How a host wants to be asked, and the tokens it was asked with.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use base64::Engine;
use ureq::http::{HeaderMap, Uri};

use super::{Client, Endpoint};
use crate::{
    Error,
    auth::{
        Credential, CredentialError,
        challenge::{self, Challenge},
        token::{self, How, Token},
    },
    http::{Answer, Ask, status_error, tls, url},
    reference::is_loopback,
};

/// A value that is made once, by the first who needs it.
type Slot<T> = Arc<Mutex<Option<T>>>;

/// Such values by what they are of.
type Slots<K, T> = Mutex<HashMap<K, Slot<T>>>;

/// What is known of hosts.
#[derive(Default)]
pub(super) struct Sessions {
    hosts: Slots<(String, Option<&'static str>), Host>,
    tokens: Slots<(String, String), Token>,
    credentials: Slots<(String, String), Option<Credential>>,
}

/// How a host wants to be asked.
#[derive(Clone, Debug)]
struct Host {
    scheme: &'static str,
    challenge: Option<Challenge>,
}

/// What is asked of an endpoint.
pub(super) struct Request<'a> {
    /// Below `/v2/`.
    pub path: String,
    /// What a token has to be for.
    pub scope: String,
    /// The repository, to find credentials for; may be empty.
    pub repository: &'a str,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// What it is, for a person.
    pub what: &'a str,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn slot<K: std::hash::Hash + Eq, T>(map: &Slots<K, T>, key: K) -> Slot<T> {
    lock(map).entry(key).or_default().clone()
}

impl Client {
    /// Asks one endpoint, signed in as it wants it. The answer has any status
    /// but 401, 429 and 5xx.
    pub(super) fn ask(&self, endpoint: &Endpoint, request: &Request<'_>) -> Result<Answer, Error> {
        let host = self.host(endpoint)?;
        let url = format!("{}://{}/v2/{}", host.scheme, endpoint.host, request.path);
        let url = url
            .parse::<Uri>()
            .map_err(|_| Error::Options(format!("`{url}` is no URL")))?;
        self.ask_url(endpoint, url, request)
    }

    /// [`ask`](Self::ask) of a URL the endpoint itself gave, such as the next page.
    pub(super) fn ask_url(
        &self,
        endpoint: &Endpoint,
        url: Uri,
        request: &Request<'_>,
    ) -> Result<Answer, Error> {
        let mut challenge = self.host(endpoint)?.challenge;
        let mut scope = request.scope.clone();
        let mut ask = Ask {
            headers: request.headers.clone(),
            ..Ask::get(url)
        };
        let mut again = false;
        loop {
            let stale = again.then(|| ask.authorization.take()).flatten();
            let (authorization, sent) =
                self.authorization(endpoint, request, challenge.as_ref(), &scope, stale)?;
            ask.authorization = authorization;
            let answer = self.inner.http.send(&ask, request.what)?;
            if answer.status != 401 {
                return Ok(answer);
            }
            let new = challenges(&answer.headers);
            // Nothing else to send: the same again would be refused again.
            let hopeless = match &new {
                None => true,
                Some(Challenge::Basic) => ask.authorization.is_some() || again,
                Some(Challenge::Bearer { .. }) => again,
            };
            if hopeless {
                return Err(self.unauthorized(endpoint, request.what, sent));
            }
            if let Some(Challenge::Bearer { scope: wanted, .. }) = &new
                && !wanted.is_empty()
            {
                scope.clone_from(wanted);
            }
            challenge = new;
            again = true;
        }
    }

    fn unauthorized(&self, endpoint: &Endpoint, what: &str, sent: bool) -> Error {
        Error::Unauthorized {
            host: endpoint.registry.clone(),
            what: what.to_owned(),
            sent,
            hint: self.options().keychain.problems.join("; "),
        }
    }

    /// What to send as `Authorization`, and whether it stands for a user.
    /// `stale` is what was refused.
    fn authorization(
        &self,
        endpoint: &Endpoint,
        request: &Request<'_>,
        challenge: Option<&Challenge>,
        scope: &str,
        stale: Option<String>,
    ) -> Result<(Option<String>, bool), Error> {
        let Some(challenge) = challenge else {
            return Ok((None, false));
        };
        let credential = self.credential(endpoint, request.repository)?;
        let sent = credential.is_some();
        if let Some(Credential::Bearer(token)) = &credential {
            return Ok((Some(format!("Bearer {token}")), true));
        }
        let header = match challenge {
            Challenge::Basic => match &credential {
                Some(Credential::Password { username, password }) => {
                    Some(basic(username, password))
                }
                _ => None,
            },
            Challenge::Bearer { realm, service, .. } => {
                let key = (endpoint.host.clone(), format!("{realm} {service} {scope}"));
                let slot = slot(&self.inner.sessions.tokens, key);
                let mut token = lock(&slot);
                let usable = token.as_ref().filter(|token| {
                    token.is_fresh(Instant::now())
                        && stale.as_deref() != Some(format!("Bearer {}", token.value).as_str())
                });
                let value = match usable {
                    Some(token) => token.value.clone(),
                    None => {
                        let new =
                            self.fetch_token(endpoint, request, realm, service, scope, credential)?;
                        token.insert(new).value.clone()
                    }
                };
                Some(format!("Bearer {value}"))
            }
        };
        Ok((header, sent))
    }

    /// A new token of a token service.
    fn fetch_token(
        &self,
        endpoint: &Endpoint,
        request: &Request<'_>,
        realm: &str,
        service: &str,
        scope: &str,
        credential: Option<Credential>,
    ) -> Result<Token, Error> {
        let fail = |message: String| CredentialError::Token {
            realm: realm.chars().take(200).collect(),
            message,
        };
        let base: Uri = realm.parse().map_err(|_| fail("it is no URL".to_owned()))?;
        let is_http = match base.scheme_str() {
            Some("https") => false,
            Some("http") => true,
            _ => return Err(fail("it is no http URL".to_owned()).into()),
        };
        let host = url::authority(&base);
        let open = self.options().is_insecure(host) || is_loopback(host);
        if is_http && credential.is_some() && !open {
            return Err(CredentialError::InsecureRealm {
                realm: realm.chars().take(200).collect(),
            }
            .into());
        }
        let mut ask = Ask::get(base);
        match token::how(service, scope, credential.as_ref()) {
            How::Form(form) => ask.form = Some(form),
            How::Query(query) => {
                let mark = if realm.contains('?') { '&' } else { '?' };
                ask.url = format!("{realm}{mark}{query}")
                    .parse()
                    .map_err(|_| fail("it is no URL".to_owned()))?;
                if let Some(Credential::Password { username, password }) = &credential {
                    ask.authorization = Some(basic(username, password));
                }
            }
        }
        let answer = self.inner.http.send(&ask, "a token")?;
        match answer.status {
            200..=299 => {}
            400 | 401 | 403 => {
                return Err(self.unauthorized(endpoint, request.what, credential.is_some()));
            }
            status => {
                let headers = answer.headers.clone();
                let host = url::host(&answer.url).to_owned();
                let message = self.inner.http.error_message(answer);
                let error = status_error(&host, "a token", status, &headers, message);
                return Err(fail(error.to_string()).into());
            }
        }
        let bytes = self.inner.http.document(answer, "a token", token::MOST)?;
        token::read(&bytes, Instant::now())
            .ok_or_else(|| fail("its answer has no token".to_owned()).into())
    }

    /// The user's credential for an endpoint: looked for once.
    fn credential(
        &self,
        endpoint: &Endpoint,
        repository: &str,
    ) -> Result<Option<Credential>, Error> {
        let options = self.options();
        if let Some(given) = options.credentials.get(&endpoint.registry) {
            return Ok(Some(given.clone()));
        }
        let key = (endpoint.registry.clone(), repository.to_owned());
        let slot = slot(&self.inner.sessions.credentials, key);
        let mut found = lock(&slot);
        if let Some(found) = &*found {
            return Ok(found.clone());
        }
        let new = options.keychain.find(&endpoint.registry, repository)?;
        Ok(found.insert(new).clone())
    }

    /// How the host of an endpoint wants to be asked: asked once.
    fn host(&self, endpoint: &Endpoint) -> Result<Host, Error> {
        let key = (endpoint.host.clone(), endpoint.scheme);
        let slot = slot(&self.inner.sessions.hosts, key);
        let mut known = lock(&slot);
        if let Some(known) = &*known {
            return Ok(known.clone());
        }
        // A host of this machine mostly speaks plain http, as Docker takes it;
        // elsewhere plain http is for those who say so.
        let schemes: &[&'static str] = match endpoint.scheme {
            Some("http") => &["http"],
            Some(_) => &["https"],
            None if is_loopback(&endpoint.host) => &["http", "https"],
            None if self.options().is_insecure(&endpoint.host) => &["https", "http"],
            None => &["https"],
        };
        let mut first_error = None;
        for scheme in schemes {
            match self.ping(endpoint, scheme, schemes.len() > 1) {
                Ok(host) => return Ok(known.insert(host).clone()),
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                // That a host speaks TLS and is not trusted says more than that
                // it does not speak plain http.
                Err(error @ Error::Tls { .. }) if *scheme == "https" => {
                    let speaks = !error.to_string().contains(tls::NO_TLS);
                    first_error = first_error.filter(|_| !speaks).or(Some(error));
                }
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or(Error::Cancelled))
    }

    fn ping(&self, endpoint: &Endpoint, scheme: &'static str, unsure: bool) -> Result<Host, Error> {
        let url = format!("{scheme}://{}/v2/", endpoint.host);
        let url = url
            .parse::<Uri>()
            .map_err(|_| Error::Options(format!("`{url}` is no URL")))?;
        let what = "its greeting";
        let answer = self.inner.http.send(&Ask::get(url), what)?;
        // What a server of https says to plain http.
        if unsure && scheme == "http" && answer.status == 400 {
            return Err(Error::Status {
                host: endpoint.host.clone(),
                what: what.to_owned(),
                status: 400,
                message: String::new(),
            });
        }
        let challenge = match answer.status {
            401 => challenges(&answer.headers),
            _ => None,
        };
        Ok(Host { scheme, challenge })
    }
}

fn challenges(headers: &HeaderMap) -> Option<Challenge> {
    challenge::choose(
        headers
            .get_all("www-authenticate")
            .iter()
            .filter_map(|value| value.to_str().ok()),
    )
}

fn basic(username: &str, password: &str) -> String {
    let text = format!("{username}:{password}");
    format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(text)
    )
}
