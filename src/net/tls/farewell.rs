//! The end of an encrypted connection: who hangs up without the goodbye of TLS is told of in words of ours.
//!
//! It stays an error, since anybody on the way could have cut the connection: what has no end of its own may be a part only.
//! RFC 8446 §6.1.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// An encrypted connection.
#[derive(Debug)]
pub(super) struct Farewell<S>(pub S);

impl<S: AsyncRead + Unpin> AsyncRead for Farewell<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                io::Error::new(error.kind(), "the connection ended without the goodbye of TLS")
            }
            _ => error,
        })
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Farewell<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ClientTls, Identity, ServerTls, Trust};
    use tokio::io::{AsyncReadExt, duplex};

    #[tokio::test]
    async fn whoever_hangs_up_without_goodbye_is_told_of_in_our_words() {
        let identity = Identity::self_signed(&["mx.x.test".to_owned()]).expect("a certificate");
        let server = ServerTls::new(&identity).expect("its key");
        let client = ClientTls::new(&Trust::Anyone).expect("nobody is asked for");
        let (near, far) = duplex(64 * 1024);
        let serving = tokio::spawn(async move { server.accept(Box::new(far)).await.map(drop) });
        let (mut stream, _) = client.connect(Box::new(near), "mx.x.test").await.expect("a handshake");
        serving.await.expect("it ends").expect("a handshake");
        let error = stream.read_to_end(&mut Vec::new()).await.expect_err("no goodbye");
        assert_eq!(error.to_string(), "the connection ended without the goodbye of TLS");
    }
}
