//! Serves the pages over a filled store, to look at them: `cargo run -p allswell-monitor --example pages -- 7879`.

#[path = "../tests/api/world.rs"]
mod world;

use std::net::Ipv4Addr;

use world::World;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    let world = World::company().await;
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("http://{}/", listener.local_addr()?);
    axum::serve(listener, allswell_monitor::api::router(world.state.clone())).await?;
    Ok(())
}
