//! Reads what the server logged with `--log json`.

use serde_json::Value;

/// Lines at one of these levels, and lines that are no log lines at all, such as a panic's.
pub fn troubles(log: &str, levels: &[&str]) -> Vec<String> {
    let trouble = |line: &&str| match serde_json::from_str::<Value>(line) {
        Ok(line) => line["level"].as_str().is_none_or(|level| levels.contains(&level)),
        Err(_) => true,
    };
    log.lines().filter(trouble).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_errors_and_panics_are_troubles() {
        let log = "{\"level\":\"INFO\",\"message\":\"monitor went down\"}\n\
            {\"level\":\"WARN\",\"message\":\"slow\"}\n{\"level\":\"ERROR\"}\nthread 'main' panicked at\n{}\n";
        assert_eq!(troubles(log, &["ERROR", "WARN"]).len(), 4);
        assert_eq!(troubles(log, &["ERROR"]).len(), 3);
        assert_eq!(troubles(log.lines().next().expect("there is one"), &["ERROR", "WARN"]), Vec::<String>::new());
    }
}
