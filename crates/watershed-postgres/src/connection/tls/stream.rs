use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

use super::MakeTls;

/// A handshake to be made.
pub(crate) struct Connect {
    pub(super) connector: TlsConnector,
    pub(super) name: Option<ServerName<'static>>,
}

/// A connection that is encrypted.
pub(crate) struct Encrypted(TlsStream<Socket>);

impl MakeTlsConnect<Socket> for MakeTls {
    type Stream = Encrypted;
    type TlsConnect = Connect;
    type Error = io::Error;

    fn make_tls_connect(&mut self, host: &str) -> Result<Connect, io::Error> {
        Ok(self.to(host))
    }
}

impl TlsConnect<Socket> for Connect {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted>> + Send>>;

    fn connect(self, stream: Socket) -> Self::Future {
        Box::pin(async move {
            let no_name =
                || io::Error::new(io::ErrorKind::InvalidInput, "the host's name is not one for TLS");
            let name = self.name.ok_or_else(no_name)?;
            self.connector.connect(name, stream).await.map(Encrypted).map_err(explained)
        })
    }
}

/// With what to do about the commonest cause: a certificate that signs itself, as examples make it.
fn explained(error: io::Error) -> io::Error {
    let said = error.to_string();
    let advice = if said.contains("CaUsedAsEndEntity") {
        "the server shows a CA's own certificate: have the CA sign another one for it"
    } else if said.contains("UnknownIssuer") {
        "its CA is not among those that are trusted: name the CA's file with sslrootcert"
    } else {
        return error;
    };
    io::Error::new(error.kind(), format!("{said}: {advice}"))
}

impl tokio_postgres::tls::TlsStream for Encrypted {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, bytes)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
