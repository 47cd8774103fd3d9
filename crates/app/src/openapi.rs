//! The endpoints for the service's own OpenAPI document, each with its 200 and its 503.

use utoipa::OpenApi as _;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem, Paths};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, ResponseBuilder};

use crate::health::Health;
use crate::report::{CheckDetail, CheckReport, HealthReport, WorkerReport};
use crate::result::Status;

#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(HealthReport, CheckReport, CheckDetail, WorkerReport, Status)))]
struct Types;

impl Health {
    /// The endpoints and their types, to be merged into the service's document: `ApiDoc::openapi().merge_from(...)`.
    pub fn openapi(&self) -> OpenApi {
        let paths = &self.0.settings.paths;
        let mut document = Types::openapi();
        let endpoints = [
            (&paths.liveness, "Is the process alive?", "It must be restarted"),
            (&paths.readiness, "May it have traffic?", "It may not; `reason` says why"),
            (&paths.startup, "Did it start?", "Not yet; `reason` says what it waits for"),
            (&paths.status, "Everything it says of itself", "It is not well"),
        ];
        document.paths = Paths::new();
        for (path, asks, not) in endpoints.iter().filter_map(|(paths, asks, not)| Some((paths.first()?, asks, not))) {
            let operation = OperationBuilder::new()
                .tag("health")
                .summary(Some(*asks))
                .response("200", report("It is so"))
                .response("503", report(not))
                .build();
            document.paths.paths.insert(path.clone(), PathItem::new(HttpMethod::Get, operation));
        }
        document
    }
}

fn report(description: &str) -> ResponseBuilder {
    let schema = Ref::from_schema_name("HealthReport");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new().description(description).content("application/json", content)
}
