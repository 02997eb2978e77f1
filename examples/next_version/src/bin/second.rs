//! The garage with version 2 of its read model beside version 1.

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    next_version::serve(next_version::context()).await
}
