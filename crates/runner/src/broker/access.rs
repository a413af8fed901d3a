//! Opening a connection: health, grant token, WebSocket.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::connection::Connection;
use super::{http, tls};
use crate::error::RunnerError;
use crate::settings::{Settings, Token};

/// How long the way to an open WebSocket may take.
const OPENING_PATIENCE: Duration = Duration::from_secs(10);

/// What is needed to open a connection, again and again.
#[derive(Clone)]
pub(crate) struct Access {
    settings: Arc<Settings>,
    tls: Option<TlsConnector>,
}

impl Access {
    pub(crate) fn new(settings: Arc<Settings>) -> Result<Self, RunnerError> {
        let tls = settings.broker.uses_tls.then(|| tls::connector(&settings.certificates)).transpose()?;
        Ok(Self { settings, tls })
    }

    /// Opens a connection, with a new grant token if there is an auth token to get it with.
    pub(crate) async fn open(&self) -> Result<Connection, RunnerError> {
        let opening = async {
            match &self.settings.token {
                Token::Grant(token) => self.upgrade(token, &self.settings.runner_id).await,
                Token::Auth(_) => {
                    self.check_health().await?;
                    let token = self.fetch_grant_token().await?;
                    self.upgrade(&token, &self.settings.runner_id).await
                }
            }
        };
        match timeout(OPENING_PATIENCE, opening).await {
            // Another grant token would be refused as well only if it were the same one.
            Ok(Err(RunnerError::Upgrade(403))) if matches!(self.settings.token, Token::Grant(_)) => {
                Err(RunnerError::GrantTokenRefused)
            }
            Ok(result) => result,
            Err(_) => Err(RunnerError::OpeningTimeout(self.settings.broker.to_string())),
        }
    }

    /// Whether the token opens one connection and no other.
    pub(crate) fn is_for_one_connection(&self) -> bool {
        matches!(self.settings.token, Token::Grant(_))
    }

    /// Asks whether the broker is ready.
    pub(crate) async fn check_health(&self) -> Result<(), RunnerError> {
        http::check_health(&self.settings.broker, self.tls.as_ref()).await
    }

    /// A token for one connection.
    pub(crate) async fn fetch_grant_token(&self) -> Result<String, RunnerError> {
        match &self.settings.token {
            Token::Grant(token) => Ok(token.clone()),
            Token::Auth(token) => http::fetch_grant_token(&self.settings.broker, self.tls.as_ref(), token).await,
        }
    }

    /// Opens the WebSocket.
    pub(crate) async fn upgrade(&self, grant_token: &str, runner_id: &str) -> Result<Connection, RunnerError> {
        let limit = self.settings.maximum_payload;
        Connection::open(&self.settings.broker, self.tls.as_ref(), grant_token, runner_id, limit).await
    }
}
