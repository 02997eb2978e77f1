//! What both programs do.

use tokio::net::TcpListener;
use watershed::prelude::*;
use watershed_http::{Options, Server};

/// Serves the garage from the folder and at the address that the command line says.
pub async fn serve(garage: Context) -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let folder = words.next().unwrap_or("garage-data".into());
    let address = words.next().unwrap_or("127.0.0.1:8080".into());

    let garage = garage.policy(AllowAll).start(watershed::embedded(&folder)?).await?;
    println!("{} events in {folder}", garage.head());
    let server = Server::new(vec![garage.clone()], Options::default());
    let handle = server.handle();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            handle.stop();
        }
    });
    let listener = TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    server.serve(listener).await?;
    garage.close().await;
    Ok(())
}
