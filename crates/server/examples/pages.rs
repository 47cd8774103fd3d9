//! Serves the pages over a filled store, to look at them: `cargo run -p allswell-monitor --example pages -- [PORT] [MONITORS]`.

#[path = "../tests/api/world/mod.rs"]
mod world;

use std::net::Ipv4Addr;

use world::{Story, World};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let world = match arguments.next() {
        None => {
            let world = World::company().await;
            world.publish(STATUS_PAGE).await;
            world
        }
        Some(monitors) => many(monitors.parse()?).await,
    };
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("http://{}/", listener.local_addr()?);
    axum::serve(listener, allswell_server::api::router(world.state.clone())).await?;
    Ok(())
}

/// What the company tells its customers: `/s/acme/`.
const STATUS_PAGE: &str = r#"
status_pages:
  - slug: acme
    title: Acme status
    description: How our shop is doing. We answer questions at help@acme.example.
    sections:
      - name: Shop
        monitors:
          - { monitor: docs, name: Website }
          - { monitor: checkout-api, name: Checkout }
          - { monitor: payments-api, name: Payments, about: cards and invoices }
          - { monitor: cart-api, name: Cart }
      - name: Platform
        monitors:
          - { monitor: auth-api, name: Sign-in }
          - { monitor: search-api, name: Search }
          - { monitor: new-ledger, name: Ledger (new) }
          - { monitor: partner-feed, name: Partner feed }
          - { monitor: www.acme.example, name: Public site }
  - { slug: staff, title: Staff, access: password, password: open sesame, sections: [{ monitors: [{ monitor: docs }] }] }
"#;

/// So many monitors that are well.
async fn many(monitors: u64) -> World {
    let story = |number| Story::well(&format!("service-{number}"), "GET https://acme.example/ready", 20 + number % 90);
    let stories: Vec<Story> = (0..monitors).map(story).collect();
    let world = World::empty().await;
    world.play(&stories).await;
    world
}
