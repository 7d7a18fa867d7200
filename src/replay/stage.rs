//! The stage of one connection that stands: its handshake is a server's, or a client's.

use super::end::{End, Pace};
use super::player::Stage;
use crate::net::connection::Connection;
use crate::net::tls::{ClientTls, ServerTls};
use crate::world::Stream;
use std::net::SocketAddr;
use std::time::Duration;

/// Whose handshake it is.
pub enum Handshake {
    /// There is none.
    None,
    /// We show a certificate.
    Server(ServerTls),
    /// We look at one, for this name.
    Client(ClientTls, String),
}

/// One connection, and what is needed to protect it.
pub struct Standing {
    stream: Option<Box<dyn Stream>>,
    handshake: Handshake,
    pace: Pace,
    patience: Duration,
}

impl Standing {
    /// Over this connection; no wait is longer than `patience`.
    pub fn new(stream: Box<dyn Stream>, handshake: Handshake, pace: Pace, patience: Duration) -> Self {
        Self { stream: Some(stream), handshake, pace, patience }
    }
}

impl Stage for Standing {
    async fn open(&mut self, _: u32) -> Result<End, String> {
        let stream = self.stream.take().ok_or("there is one connection only")?;
        Ok(End::new(stream, self.pace, self.patience))
    }

    async fn secure(&mut self, stream: Box<dyn Stream>) -> Result<Box<dyn Stream>, String> {
        // Who it is was known when it was opened; nobody asks again.
        let connection = Connection::new(stream, SocketAddr::from(([127, 0, 0, 1], 0)), None);
        let secured = match &self.handshake {
            Handshake::None => return Err("nobody expected a handshake".to_owned()),
            Handshake::Server(tls) => {
                connection.accept_tls(tls, self.patience).await.map_err(|error| error.to_string())?
            }
            Handshake::Client(tls, name) => {
                connection.connect_tls(tls, name, self.patience).await.map_err(|error| error.to_string())?
            }
        };
        Ok(Box::new(secured))
    }
}
