//! Where a request is counted: under the template of the route that answered it, `/api/v2/things/{id}`, and its method.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use allswell::host::{METHODS, Method, Recorder};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyType};

use crate::layer::text;

static MOUNT: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// How many places are remembered.
const PLACES: usize = 1_024;

/// Remembers where requests of a route are counted. A route hands out the same template object each time, so no text is hashed.
#[derive(Default)]
pub struct Labels(Mutex<Vec<Option<Known>>>);

struct Known {
    template: Py<PyAny>,
    method: usize,
    counts: Arc<Method>,
}

impl Labels {
    /// Where this request is counted. `root`: how many bytes of its path belong to whoever mounted the whole service.
    pub fn of(&self, scope: &Bound<'_, PyDict>, root: usize, method: &str, recorder: &Recorder) -> Arc<Method> {
        let method = METHODS.iter().position(|name| *name == method).unwrap_or(METHODS.len() - 1);
        match template(scope, root).unwrap_or(Template::None) {
            Template::None => recorder.method_at(None, method),
            Template::Made(template) => recorder.method_at(Some(&template), method),
            Template::Routes(template) => self.known(&template, method, recorder),
        }
    }

    fn known(&self, template: &Bound<'_, PyAny>, method: usize, recorder: &Recorder) -> Arc<Method> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.is_empty() {
            places.resize_with(PLACES, || None);
        }
        // Objects lie 16 bytes apart at least.
        let place = &mut places[((template.as_ptr().addr() >> 4) ^ (method << 6)) % PLACES];
        if let Some(known) = place
            && known.method == method
            && known.template.is(template)
        {
            return known.counts.clone();
        }
        let counts = recorder.method_at(Some(text(Some(template))), method);
        let before = place.replace(Known { template: template.clone().unbind(), method, counts: counts.clone() });
        drop(places);
        drop(before);
        counts
    }
}

/// The template of a route.
enum Template<'py> {
    /// No route answered.
    None,
    /// As the route has it.
    Routes(Bound<'py, PyAny>),
    /// Put together.
    Made(String),
}

/// The template with all prefixes.
fn template<'py>(scope: &Bound<'py, PyDict>, root: usize) -> PyResult<Template<'py>> {
    let py = scope.py();
    let Some(route) = scope.get_item(intern!(py, "route"))?.filter(|route| !route.is_none()) else {
        return Ok(Template::None);
    };
    let now = scope.get_item(intern!(py, "root_path"))?;
    let mounted = mounted(scope, text(now.as_ref()).get(root..).unwrap_or_default())?;
    let named = named(scope, route)?;
    if named.is_instance(MOUNT.import(py, "starlette.routing", "Mount")?)? {
        return Ok(Template::Made(if mounted.is_empty() { "/".to_owned() } else { mounted }));
    }
    let template = match attribute(&named, intern!(py, "path_format"))? {
        Some(template) => Some(template),
        None => attribute(&named, intern!(py, "path"))?,
    };
    Ok(match template {
        None => Template::None,
        Some(template) if mounted.is_empty() => Template::Routes(template),
        Some(template) => Template::Made(mounted + text(Some(&template))),
    })
}

/// What knows the whole template: the note that FastAPI keeps beside the route of an included router, which knows only its own
/// part, or the route.
fn named<'py>(scope: &Bound<'py, PyDict>, route: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = scope.py();
    let notes = scope.get_item(intern!(py, "fastapi"))?;
    let notes = notes.as_ref().and_then(|notes| notes.cast::<PyDict>().ok());
    let Some(context) =
        notes.map(|notes| notes.get_item(intern!(py, "effective_route_context"))).transpose()?.flatten()
    else {
        return Ok(route);
    };
    let original = context.getattr_opt(intern!(py, "original_route"))?;
    Ok(if original.is_some_and(|original| original.is(&route)) { context } else { route })
}

fn attribute<'py>(named: &Bound<'py, PyAny>, name: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
    Ok(named.getattr_opt(name)?.filter(|value| value.is_truthy().unwrap_or_default()))
}

/// The path of a mount. It comes with its parameters filled in; they are taken out again, for labels must be bounded.
fn mounted(scope: &Bound<'_, PyDict>, path: &str) -> PyResult<String> {
    if path.is_empty() {
        return Ok(String::new());
    }
    let parameters = scope.get_item(intern!(scope.py(), "path_params"))?;
    let Some(parameters) = parameters.as_ref().and_then(|parameters| parameters.cast::<PyDict>().ok()) else {
        return Ok(path.to_owned());
    };
    let mut names = HashMap::new();
    for (name, value) in parameters {
        names.insert(value.str()?.to_string(), format!("{{{name}}}"));
    }
    let parts = path.split('/').map(|part| names.get(part).map_or(part, String::as_str));
    Ok(parts.collect::<Vec<_>>().join("/"))
}
