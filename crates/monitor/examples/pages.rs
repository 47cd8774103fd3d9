//! Serves the pages over a filled store, to look at them: `cargo run -p allswell-monitor --example pages -- [PORT] [MONITORS]`.

#[path = "../tests/api/world.rs"]
mod world;

use std::net::Ipv4Addr;

use world::{Story, World};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let world = match arguments.next() {
        None => World::company().await,
        Some(monitors) => many(monitors.parse()?).await,
    };
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("http://{}/", listener.local_addr()?);
    axum::serve(listener, allswell_monitor::api::router(world.state.clone())).await?;
    Ok(())
}

/// So many monitors that are well.
async fn many(monitors: u64) -> World {
    let story = |number| Story::well(&format!("service-{number}"), "GET https://acme.example/ready", 20 + number % 90);
    let stories: Vec<Story> = (0..monitors).map(story).collect();
    let world = World::empty().await;
    world.play(&stories).await;
    world
}
