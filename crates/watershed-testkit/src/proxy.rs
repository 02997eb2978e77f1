//! A TCP proxy between a client and a server, for what networks do: lose connections at any moment, carry nothing though nobody has
//! closed anything, take their time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A proxy that runs until this is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    weather: Arc<watch::Sender<Weather>>,
    /// The number of the next connection.
    next: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

/// What happens to connections.
#[derive(Debug, Default, Clone, Copy)]
struct Weather {
    /// Counts those that were made to end.
    cuts: u64,
    /// The last of them came as a reset.
    reset: bool,
    /// Nothing is carried.
    held: bool,
    /// How long each piece waits before it is carried.
    delay: Duration,
    /// Of connections with a smaller number, what clients send is not carried.
    stalled: u64,
}

impl Proxy {
    /// Listens on a free port of this machine, and connects whoever comes to a port of it.
    ///
    /// # Panics
    /// Where it cannot listen.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap_or_else(|error| crate::fail(error));
        let address = listener.local_addr().unwrap_or_else(|error| crate::fail(error));
        let weather = Arc::new(watch::Sender::new(Weather::default()));
        let next = Arc::new(AtomicU64::new(1));
        let task = tokio::spawn(serve(listener, port, weather.clone(), next.clone()));
        Self { address, weather, next, task }
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Ends all connections. What clients have sent has gone to the server, or still goes there; what it answers from now on is
    /// lost.
    pub fn cut(&self) {
        self.weather.send_modify(|weather| (weather.cuts, weather.reset) = (weather.cuts + 1, false));
    }

    /// Ends all connections as a router does that has forgotten them: both sides are told that there is none.
    pub fn reset(&self) {
        self.weather.send_modify(|weather| (weather.cuts, weather.reset) = (weather.cuts + 1, true));
    }

    /// Carries nothing any more, and closes nothing: connections are half open, and new ones are taken and stay silent.
    pub fn hold(&self) {
        self.weather.send_modify(|weather| weather.held = true);
    }

    /// Keeps what clients send over the connections that there are, also where a client gives its connection up meanwhile. What
    /// servers answer is carried, and so is everything over new connections.
    pub fn stall(&self) {
        let next = self.next.load(Ordering::SeqCst);
        self.weather.send_modify(|weather| weather.stalled = next);
    }

    /// Carries everything again, also what was held or kept.
    pub fn release(&self) {
        self.weather.send_modify(|weather| (weather.held, weather.stalled) = (false, 0));
    }

    /// Lets each piece wait so long in either direction; zero for none of it.
    pub fn delay(&self, delay: Duration) {
        self.weather.send_modify(|weather| weather.delay = delay);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.cut();
    }
}

/// So much later than what was sent.
const LATE: Duration = Duration::from_millis(200);

async fn serve(listener: TcpListener, port: u16, weather: Arc<watch::Sender<Weather>>, next: Arc<AtomicU64>) {
    while let Ok((client, _)) = listener.accept().await {
        let (weather, number) = (weather.subscribe(), next.fetch_add(1, Ordering::SeqCst));
        tokio::spawn(async move {
            if let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await {
                let _ = client.set_nodelay(true);
                let _ = server.set_nodelay(true);
                carry(client, server, weather, number).await;
            }
        });
    }
}

/// Carries bytes both ways until one side ends, or the connection is cut.
async fn carry(mut client: TcpStream, mut server: TcpStream, weather: watch::Receiver<Weather>, number: u64) {
    let mut cut = weather.clone();
    let before = cut.borrow().cuts;
    let kept = AtomicBool::new(false);
    {
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        let upwards = async {
            pass(&mut from_client, &mut to_server, weather.clone(), Some((number, &kept))).await;
            if kept.load(Ordering::Relaxed) {
                // A network that is late with what was sent is later still with the news that the sender has gone.
                tokio::time::sleep(LATE).await;
            }
        };
        let downwards = async {
            pass(&mut from_server, &mut to_client, weather.clone(), None).await;
            // What is kept goes to the server all the same, whoever has given up.
            if kept.load(Ordering::Relaxed) || weather.borrow().stalled > number {
                let _ = to_client.shutdown().await;
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = upwards => {}
            () = downwards => {}
            _ = cut.wait_for(|weather| weather.cuts != before) => {}
        }
    }
    let now = *cut.borrow();
    if now.cuts != before && now.reset {
        let _ = client.set_zero_linger();
        let _ = server.set_zero_linger();
    }
}

/// Carries bytes one way, as the weather allows; what a client sends, as it is for the connection with its number.
async fn pass(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    mut weather: watch::Receiver<Weather>,
    client: Option<(u64, &AtomicBool)>,
) {
    let is_fair =
        |weather: &Weather| !weather.held && client.is_none_or(|(number, _)| weather.stalled <= number);
    let mut bytes = vec![0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        if let Some((number, kept)) = client
            && weather.borrow().stalled > number
        {
            kept.store(true, Ordering::Relaxed);
        }
        let Ok(delay) = weather.wait_for(is_fair).await.map(|weather| weather.delay) else {
            return;
        };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
