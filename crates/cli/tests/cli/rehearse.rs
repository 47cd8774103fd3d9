//! `allswell rehearse` with the FastAPI example: a database that goes away and comes back.

/// The service of `examples/fastapi-service`, run by the Python that its requirements are installed for.
mod needs_fastapi {
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use serde_json::Value;

    use crate::support::databases::Server;

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/fastapi-service")
    }

    fn python() -> PathBuf {
        let python = std::env::var_os("ALLSWELL_TEST_FASTAPI");
        python.map(PathBuf::from).expect("`cargo xtask test` makes a Python with FastAPI and names it here")
    }

    /// Rehearses the service with a manifest; returns the exit code and the document.
    fn rehearse(manifest: &str, flags: &[&str], variables: &[(&str, &str)]) -> (i32, Value) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_allswell"));
        command.current_dir(folder()).args(["rehearse", manifest, "--json", "--port", "0"]).args(flags);
        command.arg("--").arg(python()).args(["-m", "uvicorn", "service:app", "--port", "{port}"]);
        let output = command.envs(variables.iter().copied()).output().expect("the binary runs");
        let document = serde_json::from_slice(&output.stdout);
        let document = document.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code().expect("it ends by itself"), document)
    }

    /// When an event of this reason was told, the first at or after `from`.
    #[track_caller]
    fn at(document: &Value, reason: &str, from: f64) -> f64 {
        let timeline = document["timeline"].as_array().expect("a timeline");
        let seconds = |entry: &Value| entry["seconds"].as_f64().expect("a number");
        let found = timeline.iter().find(|entry| entry["reason"] == reason && seconds(entry) >= from);
        found.map(seconds).unwrap_or_else(|| panic!("no {reason} from {from} s on: {document:#}"))
    }

    /// The pod is taken out of service by the fault and comes back after it, and nothing is restarted.
    #[track_caller]
    fn unready_and_back((code, document): (i32, Value)) {
        let begins = at(&document, "FAULT", 0.0);
        let unready = at(&document, "NotReady", begins);
        let over = at(&document, "FAULT", unready);
        assert!(at(&document, "Ready", over) > over);
        assert_eq!((code, &document["restarts"], &document["crashes"]), (0, &0.into(), &0.into()), "{document:#}");
    }

    #[test]
    fn a_database_that_the_app_plays_down_takes_it_out_of_service_and_restarts_nothing() {
        unready_and_back(rehearse("kubernetes.yaml", &["--fault", "db-down@6s..16s"], &[("FAULTS", "1")]));
    }

    #[test]
    fn a_real_database_that_is_cut_off_does_the_same_needs_postgres() {
        let database = Server::postgres();
        let url = format!("postgres://postgres@127.0.0.1:{}/postgres", database.port);
        let flags = ["--fault", "db-down@6s..16s", "--dependency", "db=DATABASE_URL"];
        unready_and_back(rehearse("kubernetes.yaml", &flags, &[("DATABASE_URL", &url)]));
    }

    #[test]
    fn with_the_database_in_liveness_it_is_restarted_again_and_again() {
        let flags = ["--fault", "db-down@4s..90s", "--for", "50s"];
        let (code, document) = rehearse("deep-liveness.yaml", &flags, &[("FAULTS", "1")]);
        let kills = document["probe_kills"].as_array().expect("a list");
        assert!(kills.len() >= 2 && kills.iter().all(|kill| kill["probe"] == "liveness"), "{document:#}");
        assert_eq!(code, 1);
        let advice = document["advice"].to_string();
        assert!(advice.contains("liveness restarts the app because db is down"), "{advice}");
    }

    #[test]
    fn lint_says_so_before() {
        let lint = |manifest: &str| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_allswell"));
            let output = command.current_dir(folder()).args(["lint", manifest]).output().expect("the binary runs");
            (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
        };
        let (code, said) = lint("deep-liveness.yaml");
        assert!(code == Some(1) && said.starts_with("error[PRB201]") && said.contains("1 error, 0 warnings"), "{said}");
        let (code, said) = lint("kubernetes.yaml");
        assert!(code == Some(0) && said.contains("0 errors, 0 warnings"), "{said}");
    }

    #[test]
    fn a_fault_that_the_app_does_not_play_is_no_rehearsal() {
        let mut command = Command::new(env!("CARGO_BIN_EXE_allswell"));
        command.current_dir(folder()).args(["rehearse", "kubernetes.yaml", "--port", "0", "--fault", "db-down@3s..9s"]);
        command.arg("--").arg(python()).args(["-m", "uvicorn", "service:app", "--port", "{port}"]);
        let output = command.env_remove("FAULTS").output().expect("the binary runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("--dependency db=VARIABLE"), "{said}");
    }
}
