//! The garage as it was.

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    next_version::serve(garage::context()).await
}
