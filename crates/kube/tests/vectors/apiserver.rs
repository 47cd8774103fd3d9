//! Vectors about what the API server accepts, and what it makes of it.

use allswell_kube::manifest::{Handler, Object, PortRef, Probe, Workload};
use allswell_kube::yaml;
use serde_json::{Map, Value, json};

/// A pod named `v` with one container made of `container`, and `spec` around it.
fn pod(input: &Value) -> String {
    let mut container = json!({"name": "c", "image": "x"});
    let mut spec = json!({});
    let add = |into: &mut Value, from: &Value| {
        for (key, value) in from.as_object().into_iter().flatten() {
            into[key] = value.clone();
        }
    };
    add(&mut container, &input["container"]);
    add(&mut spec, &input["spec"]);
    if let Some(init) = input.get("initContainers") {
        spec["initContainers"] = init.clone();
    }
    spec["containers"] = json!([container]);
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "v"}, "spec": spec}).to_string()
}

fn with<T>(input: &Value, judge: impl FnOnce(&Workload<'_>) -> T) -> T {
    let text = pod(input);
    let (documents, problems) = yaml::read(&text);
    assert_eq!(problems, [], "{text}");
    let workload = Workload::of(Object::of(&documents[0])[0]).expect("a pod runs pods");
    judge(&workload)
}

pub fn measured(vector: &Value) {
    let (id, expected) = (&vector["id"], &vector["expected"]);
    with(&vector["input"], |workload| {
        let messages: Vec<&str> = workload.refusals.iter().map(|refusal| refusal.message.as_str()).collect();
        if expected["status"] == 201 {
            assert_eq!(messages, Vec::<&str>::new(), "{id}");
            assert_eq!(expected["terminationGracePeriodSeconds"], workload.grace_s, "{id}");
            compare_defaults(id, &expected["defaulted"], workload);
            return;
        }
        assert_eq!(messages, [expected["message"].as_str().expect("a message")], "{id}");
        let refusal = &workload.refusals[0];
        assert_eq!(expected["status"], refusal.status, "{id}");
        let causes: Vec<Value> = match refusal.status {
            400 => Vec::new(),
            _ => vec![json!({"reason": refusal.reason, "message": refusal.detail, "field": refusal.field})],
        };
        assert_eq!(expected["causes"], Value::Array(causes), "{id}");
    });
}

fn compare_defaults(id: &Value, defaulted: &Value, workload: &Workload<'_>) {
    let container = workload.containers.last().expect("one container");
    for (field, probe) in defaulted.as_object().into_iter().flatten() {
        if field == "lifecycle" {
            let seconds = probe["preStop"]["sleep"]["seconds"].as_i64();
            assert_eq!(container.pre_stop.as_ref().and_then(|hook| hook.action.seconds()), seconds, "{id}");
            continue;
        }
        let is = container.probes.iter().find(|probe| probe.kind.field() == field).expect("it was read");
        // The server leaves out what is zero.
        assert_eq!(&as_json(is), probe, "{id} {field}");
    }
}

fn as_json(probe: &Probe<'_>) -> Value {
    let spec = &probe.spec;
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("timeoutSeconds", spec.timeout_s.into());
    put("periodSeconds", spec.period_s.into());
    put("successThreshold", spec.success_threshold.into());
    put("failureThreshold", spec.failure_threshold.into());
    if spec.initial_delay_s != 0 {
        put("initialDelaySeconds", spec.initial_delay_s.into());
    }
    if let Some(grace_s) = spec.grace_s {
        put("terminationGracePeriodSeconds", grace_s.into());
    }
    match &probe.handler {
        Handler::Http { path, port, host, scheme, headers } => {
            let mut http = json!({"path": path, "port": port_json(port), "scheme": scheme});
            if !host.is_empty() {
                http["host"] = host.clone().into();
            }
            if !headers.is_empty() {
                http["httpHeaders"] =
                    headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
            }
            put("httpGet", http)
        }
        Handler::Tcp { port, host } if host.is_empty() => put("tcpSocket", json!({"port": port_json(port)})),
        Handler::Tcp { port, host } => put("tcpSocket", json!({"port": port_json(port), "host": host})),
        Handler::Grpc { port, service } => put("grpc", json!({"port": port, "service": service})),
        Handler::Exec { command } => put("exec", json!({"command": command})),
        Handler::None => None,
    };
    Value::Object(fields)
}

fn port_json(port: &PortRef) -> Value {
    match port {
        PortRef::Number(number) => (*number).into(),
        PortRef::Name(name) => name.as_str().into(),
    }
}

/// The vectors name the field `test`; here it is that of a readiness probe, or of liveness where the numbers need it.
pub fn validation(vector: &Value) {
    let (id, input, expected) = (&vector["id"], &vector["input"], &vector["expected"]);
    let mut probe = input.get("livenessProbe").unwrap_or(input).clone();
    if let Some(headers) = probe.get("httpHeaders").cloned() {
        let list: Vec<Value> =
            headers.as_array().into_iter().flatten().map(|pair| json!({"name": pair[0], "value": pair[1]})).collect();
        probe = json!({"httpGet": {"path": "/", "port": 80, "httpHeaders": list}});
    } else if probe["exec"].is_null() && probe["httpGet"].is_null() && input.get("livenessProbe").is_none() {
        probe["httpGet"] = json!({"port": 80});
    }
    let field = if input.get("terminationGracePeriodSeconds").is_some() { "livenessProbe" } else { "readinessProbe" };
    with(&json!({"container": {field: probe}}), |workload| {
        if let Some(ok) = expected["ok"].as_bool() {
            assert_eq!(workload.refusals.is_empty(), ok, "{id} {:?}", workload.refusals);
            return;
        }
        let [refusal] = workload.refusals.as_slice() else {
            panic!("{id}: {:?}", workload.refusals);
        };
        let under_test = refusal.field.replace(&format!("spec.containers[0].{field}"), "test");
        assert_eq!(expected["field"].as_str(), Some(under_test.as_str()), "{id}");
        let detail = expected["detail"].as_str().expect("a detail");
        assert!(refusal.detail.ends_with(&format!(": {detail}")), "{id} {refusal:?}");
        let kind = expected["type"].as_str().expect("a type");
        assert_eq!(refusal.reason, format!("FieldValue{kind}"), "{id}");
    });
}

pub fn defaults(vector: &Value) {
    let (id, expected) = (&vector["id"], &vector["expected"]);
    let mut probe = vector["input"].clone();
    if probe.get("httpGet").is_none() {
        probe["httpGet"] = json!({"port": 8080});
    }
    with(&json!({"container": {"readinessProbe": probe}}), |workload| {
        assert!(workload.refusals.is_empty(), "{id}");
        let is = as_json(&workload.containers[0].probes[0]);
        for (key, value) in expected.as_object().expect("fields") {
            match key.as_str() {
                "note" => {}
                "initialDelaySeconds" => assert_eq!(is.get(key).unwrap_or(&json!(0)), value, "{id}"),
                _ => assert_eq!(&is[key], value, "{id} {key}"),
            }
        }
    });
}

pub fn port(vector: &Value) {
    let (input, expected) = (&vector["input"], &vector["expected"]);
    let port = match &input["port"] {
        Value::String(name) => PortRef::Name(name.clone()),
        number => PortRef::Number(number.as_i64().expect("a number")),
    };
    let named = |name: &str| {
        let ports = input["containerPorts"].as_array().expect("ports");
        ports.iter().find(|port| port["name"] == name).and_then(|port| port["containerPort"].as_i64())
    };
    let resolved = port.resolve(named);
    assert_eq!(Some(resolved.is_ok()), expected["ok"].as_bool(), "{} {resolved:?}", vector["id"]);
    if let Some(number) = expected["port"].as_u64() {
        assert_eq!(resolved.map(u64::from), Ok(number), "{}", vector["id"]);
    }
}
