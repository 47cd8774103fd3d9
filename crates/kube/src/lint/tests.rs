use super::*;

/// The second guide's deployment.
const GUIDE: &str = include_str!("../../tests/manifests/guide.yaml");

fn run(text: &str, facts: Facts) -> (Source, Report) {
    let source = Source::new("x.yaml", text);
    let report = lint(std::slice::from_ref(&source), &facts);
    (source, report)
}

fn ids(text: &str) -> Vec<&'static str> {
    let (_, report) = run(text, Facts::default());
    let shown = report.findings.iter().filter(|finding| finding.severity < Severity::Info);
    shown.map(|finding| finding.rule.id).collect()
}

fn slow() -> Facts {
    Facts { start: Some(Duration::from_secs(80)), ..Facts::default() }
}

fn message(report: &Report, id: &str) -> String {
    report.findings.iter().find(|finding| finding.rule.id == id).map(|f| f.message.clone()).unwrap_or_default()
}

/// A pod with one container, whose fields are given.
fn pod(container: &str) -> String {
    let lines: String = container.lines().map(|line| format!("    {line}\n")).collect();
    format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - name: app\n{lines}")
}

/// The examples of the guide show what they say, and no more.
#[test]
fn the_examples_have_the_mistakes_they_are_named_after() {
    let check = |text: &str, start: u64, rules: &[&str]| {
        let facts = Facts { start: Some(Duration::from_secs(start)), ..Facts::default() };
        let report = lint(&[Source::new("x.yaml", text)], &facts);
        let errors = report.findings.iter().filter(|finding| finding.severity <= Severity::Warning);
        assert_eq!(errors.map(|finding| finding.rule.id).collect::<Vec<_>>(), rules, "{text}");
    };
    check(include_str!("../../../../examples/kubernetes/guide.yaml"), 80, &["PRB101"]);
    check(include_str!("../../../../examples/kubernetes/port-name.yaml"), 5, &["PRB001"]);
    check(include_str!("../../../../examples/kubernetes/deep-liveness.yaml"), 5, &["PRB201"]);
    check(include_str!("../../../../examples/kubernetes/well.yaml"), 80, &[]);
    check(include_str!("../../../../examples/kubernetes/no-pause.yaml"), 80, &[]);
}

#[test]
fn the_guide_s_app_is_told_to_die_before_it_does() {
    let (source, report) = run(GUIDE, slow());
    let finding = report.findings.iter().find(|finding| finding.rule.id == "PRB101").expect("it is found");
    assert_eq!(finding.severity, Severity::Error);
    assert_eq!(
        finding.message,
        "the app is killed by its liveness probe after 55 to 75 s, again and again, but start-up takes 80 s \
         (delay 15, period 20, timeout 5, failures 3)"
    );
    assert_eq!(source.place(finding.at.start).line, 20);
    let patch = finding.fix.as_ref().expect("a fix").patch(&source).join("\n");
    assert!(
        patch.contains("+         startupProbe:\n+           httpGet:\n+             path: /health # the process"),
        "{patch}"
    );
    assert!(patch.contains("+           failureThreshold: 80"), "{patch}");
}

#[test]
fn every_fix_can_be_read_again_and_ends() {
    let source = [Source::new("x.yaml", GUIDE)];
    let (texts, applied) = fix_all(&source, &slow(), true);
    let (_, text) = texts.first().expect("it changed");
    assert!(applied >= 2, "{applied}");
    let (_, report) = run(text, slow());
    let left: Vec<&str> = report.findings.iter().map(|finding| finding.rule.id).collect();
    assert_eq!(left, Vec::<&str>::new(), "{text}");
    assert!(text.contains("path: /health # the process"));
}

#[test]
fn safe_fixes_alone_change_nothing_that_works() {
    let source = [Source::new("x.yaml", GUIDE)];
    let (texts, applied) = fix_all(&source, &slow(), false);
    assert_eq!(applied, 1, "the delay of readiness is rounded as the kubelet does");
    assert_eq!(texts[0].1, GUIDE.replace("initialDelaySeconds: 5", "initialDelaySeconds: 10"));
}

#[test]
fn each_rule_finds_its_mistake() {
    let probe = |kind: &str, fields: &str| {
        let lines: String = fields.lines().map(|line| format!("  {line}\n")).collect();
        pod(&format!("{kind}Probe:\n{lines}"))
    };
    let check = |text: &str, id: &str| assert!(ids(text).contains(&id), "{id} in {:?} for\n{text}", ids(text));
    check("a: [1\n", "PRB000");
    check(&probe("liveness", "httpGet: {port: web}"), "PRB001");
    check(&probe("liveness", "httpGet: {port: 0}"), "PRB002");
    check(&probe("liveness", "httpGet: {port: 80}\ntimeoutSeconds: 0.5"), "PRB002");
    check(&probe("liveness", "httpGet: {port: 80}\ntimeout: 5"), "PRB004");
    check(&probe("liveness", "httpGet: {port: 80, pth: /x}"), "PRB004");
    check(&probe("liveness", "httpGet: {port: 80}\ntimeoutSeconds: 0"), "PRB005");
    check(&probe("liveness", "httpGet: {port: 80, path: /a#b}"), "PRB006");
    check(&probe("liveness", "httpGet: {port: 80, path: //a/b}"), "PRB006");
    check(&probe("liveness", "httpGet: {port: 80, path: /%zz}"), "PRB006");
    check(&probe("liveness", "httpGet:\n  port: 80\n  httpHeaders: [{name: A, value: \"a\\nb\"}]"), "PRB006");
    check(&probe("liveness", "httpGet: {port: 80, host: example.com}"), "PRB007");
    check(&probe("liveness", "httpGet: {port: 80}\ninitialDelaySeconds: 120\n"), "PRB102");
    check(&probe("liveness", "httpGet: {port: 80}\nperiodSeconds: 5\ntimeoutSeconds: 5"), "PRB104");
    check(&probe("liveness", "httpGet: {port: 80}\nfailureThreshold: 1"), "PRB107");
    check(&probe("readiness", "httpGet: {port: 80}\nperiodSeconds: 30"), "PRB108");
    check(&probe("liveness", "httpGet: {port: 80}\nperiodSeconds: 120"), "PRB109");
    check(&probe("readiness", "httpGet: {port: 80}\nsuccessThreshold: 5"), "PRB111");
    check(&probe("liveness", "httpGet: {port: 80, path: /api/ready}"), "PRB201");
    check(&probe("liveness", "exec: {command: [sh, -c, \"pg_isready -d db\"]}"), "PRB201");
    check(&probe("liveness", "tcpSocket: {port: 8080}"), "PRB206");
    check(&probe("liveness", "exec: {command: [sh, -c, \"curl -f localhost\"]}"), "PRB207");
    check(&probe("liveness", "exec: {command: [cat, /x]}\nperiodSeconds: 5"), "PRB207");
    check(&pod("ports: [{containerPort: 80}]"), "PRB203");
    check(&pod("lifecycle: {preStop: {sleep: {seconds: 29}}}"), "PRB302");
    check(&pod("lifecycle: {preStop: {exec: {command: [sleep, \"5\"]}}}\nimage: gcr.io/distroless/static"), "PRB303");
    let grace =
        probe("liveness", "httpGet: {port: 80}").replace("spec:\n", "spec:\n  terminationGracePeriodSeconds: 300\n");
    check(&grace, "PRB304");
    let init = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  initContainers:\n  - name: i\n    \
        livenessProbe: {tcpSocket: {port: 9}}\n  containers: []\n";
    check(init, "PRB009");
    check(&GUIDE.replace("periodSeconds: 20", "periodSeconds: 5"), "PRB106");
    let same = GUIDE.replace("/health # the process", "/ready").replace("periodSeconds: 20", "periodSeconds: 25");
    check(&same, "PRB202");
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {selector: {app: fastapi}}\n";
    check(&format!("{}{service}", GUIDE.replace("replicas: 3", "replicas: 1")), "PRB305");
    let budget = "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: b}\nspec: {minAvailable: \
        100%, selector: {matchLabels: {app: fastapi}}}\n";
    check(&format!("{GUIDE}{budget}"), "PRB305");
}

#[test]
fn a_manifest_that_is_right_is_left_alone() {
    let right = GUIDE
        .replace(
            "          initialDelaySeconds: 15\n          periodSeconds: 20",
            "          periodSeconds: 20\n          terminationGracePeriodSeconds: 10",
        )
        .replace("failureThreshold: 3\n        readiness", "failureThreshold: 6\n        readiness")
        .replace("          initialDelaySeconds: 5\n", "");
    assert_eq!(ids(&right), Vec::<&str>::new());
}

#[test]
fn annotations_silence_by_any_of_its_names() {
    let silenced = |annotation: &str| {
        let text = pod("ports: [{containerPort: 80}]")
            .replace("{name: p}", &format!("{{name: p, annotations: {{{annotation}}}}}"));
        run(&text, Facts::default()).1.suppressed
    };
    assert_eq!(silenced("\"allswell.dev/ignore\": \"PRB203\""), 1);
    assert_eq!(silenced("\"allswell.dev/ignore\": \"PRB203@app, PRB104\""), 1);
    assert_eq!(silenced("\"allswell.dev/ignore\": \"PRB203@other\""), 0);
    assert_eq!(silenced("\"kube-score/ignore\": \"pod-probes\""), 1);
    assert_eq!(silenced("\"ignore-check.kube-linter.io/no-readiness-probe\": \"we know\""), 1);
}

#[test]
fn kinds_that_run_no_pods_are_passed_over() {
    let text =
        format!("apiVersion: example.com/v1\nkind: Database\nspec: {{template: 7}}\n---\n# nothing\n---\n{GUIDE}");
    let (_, report) = run(&text, slow());
    assert_eq!(report.workloads, 1);
    assert!(message(&report, "PRB101").contains("80 s"));
}

#[test]
fn lists_and_jobs_are_looked_into() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: batch/v1\n  kind: CronJob\n  metadata: {name: c}\n  spec: \
        {jobTemplate: {spec: {template: {spec: {containers: [{name: a, livenessProbe: {}}]}}}}}\n";
    let (_, report) = run(list, Facts::default());
    assert_eq!(report.workloads, 1);
    assert!(message(&report, "PRB002").ends_with(
        "spec.jobTemplate.spec.template.spec.containers[0].livenessProbe: Required value: must specify a handler type"
    ), "{}", message(&report, "PRB002"));
}

#[test]
fn wrong_types_anywhere_are_told_or_passed_over() {
    for value in ["7", "[]", "{}", "text", "true", "~", "[[[]]]", "{a: {b: c}}"] {
        for key in ["containers", "initContainers", "terminationGracePeriodSeconds", "readinessGates"] {
            let text = format!("apiVersion: v1\nkind: Pod\nmetadata: {value}\nspec:\n  {key}: {value}\n");
            run(&text, Facts::default());
        }
        for key in ["name", "ports", "livenessProbe", "lifecycle", "image", "restartPolicy"] {
            run(&pod(&format!("{key}: {value}")).replace("  - name: app\n", "  - image: x\n"), slow());
        }
        for key in ["httpGet", "exec", "grpc", "tcpSocket", "periodSeconds", "failureThreshold"] {
            run(&pod(&format!("livenessProbe: {{{key}: {value}}}")), slow());
        }
    }
}

#[test]
fn numbers_at_the_edge_of_their_range_are_taken() {
    let probe = "livenessProbe: {httpGet: {port: 80}, periodSeconds: 2147483647, failureThreshold: 2147483647, \
        initialDelaySeconds: 2147483647, timeoutSeconds: 2147483647}";
    assert!(ids(&pod(probe)).contains(&"PRB109"));
}

#[test]
fn a_text_on_one_line_with_many_findings_is_shown_without_repeating_it() {
    let one = "{\"name\": \"a\", \"livenessProbe\": {\"httpGet\": {\"port\": 80}, \"timeout\": 5}}";
    let text = format!(
        "{{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {{\"name\": \"p\"}}, \"spec\": {{\"containers\": [{}]}}}}",
        vec![one; 500].join(", ")
    );
    let (source, report) = run(&text, Facts::default());
    assert_eq!(report.count(Severity::Warning), 500);
    let sources = [source];
    let shown = report::Shown {
        sources: &sources,
        report: &report,
        least: Severity::Warning,
        colour: false,
        width: usize::MAX,
    };
    assert!(report::text(&shown).len() < 1_000 * 500);
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_numbers_make_a_fix_that_cannot_be_read(
            delay in -1_i64..200, period in -1_i64..60, timeout in 0_i64..40, failures in 0_i64..8, start in 0_u64..300,
        ) {
            let text = GUIDE
                .replace("initialDelaySeconds: 15", &format!("initialDelaySeconds: {delay}"))
                .replace("periodSeconds: 20", &format!("periodSeconds: {period}"))
                .replace("timeoutSeconds: 5", &format!("timeoutSeconds: {timeout}"))
                .replace("failureThreshold: 3", &format!("failureThreshold: {failures}"));
            let facts = Facts { start: Some(Duration::from_secs(start)), ..Facts::default() };
            let (texts, _) = fix_all(&[Source::new("x", text)], &facts, true);
            for (_, text) in texts {
                let (_, report) = run(&text, facts);
                prop_assert!(!report.findings.iter().any(|f| f.rule.id == "PRB000"), "{}", text);
                prop_assert!(text.contains("# the process"));
            }
        }
    }
}
