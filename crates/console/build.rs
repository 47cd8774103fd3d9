//! Has npm build the console when what it built is missing or older than its sources, and embeds the files.
//!
//! Without npm, or when npm fails, the crate is built without a console: the server then says how to get it.
//! `ALLSWELL_CONSOLE=skip` asks for just that. What lies in `console/dist` is taken as it is when it is new enough.

use std::env;
use std::error::Error;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What the console is built of, below `console/`.
const SOURCES: [&str; 7] =
    ["index.html", "package.json", "package-lock.json", "public", "src", "vite.config.ts", "tsconfig.json"];

fn main() -> Result<()> {
    println!("cargo::rerun-if-env-changed=ALLSWELL_CONSOLE");
    let console = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../console");
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", console.join(source).display());
    }
    let embedded = match provide(&console) {
        Ok(()) => collect(&console.join("dist"))?,
        Err(reason) => {
            println!("cargo::warning=built without the console: {reason}");
            // Whoever builds it by hand has it embedded by the next build.
            fs::create_dir_all(console.join("dist"))?;
            println!("cargo::rerun-if-changed={}", console.join("dist").display());
            Vec::new()
        }
    };
    write(&embedded)
}

/// Makes sure that `console/dist` is as new as its sources.
fn provide(console: &Path) -> Result<()> {
    if env::var_os("ALLSWELL_CONSOLE").is_some_and(|wish| wish == "skip") {
        return Err("ALLSWELL_CONSOLE=skip".into());
    }
    let sources = SOURCES.iter().map(|source| newest(&console.join(source)));
    let changed = sources.collect::<Result<Vec<_>>>()?.into_iter().max().unwrap_or(SystemTime::UNIX_EPOCH);
    let built = console.join("dist/index.html");
    if is_newer(&built, changed) {
        return Ok(());
    }
    // Two builds at once (a check beside a release build) must not write into each other's files.
    let lock = fs::File::create(console.join(".build-lock"))?;
    lock.lock()?;
    if is_newer(&built, changed) {
        return Ok(());
    }
    let installed = console.join("node_modules/.package-lock.json");
    // Git gives files new times when it changes branches; what is installed may be right all the same.
    let is_right = || installed.exists() && npm(console, &["ls", "--omit=dev"]).is_ok();
    if !is_newer(&installed, newest(&console.join("package-lock.json"))?) && !is_right() {
        npm(console, &["ci", "--omit=dev", "--no-audit", "--no-fund", "--fetch-retries=1"])?;
    }
    npm(console, &["run", "build"])
}

fn npm(console: &Path, arguments: &[&str]) -> Result<()> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let mut command = Command::new(program);
    let output = command.args(arguments).current_dir(console).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("npm cannot be started ({error})"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let last: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = last[last.len().saturating_sub(5)..].join(" | ");
    Err(format!("`npm {}` ended with {}: {last}", arguments.join(" "), output.status).into())
}

fn is_newer(file: &Path, than: SystemTime) -> bool {
    fs::metadata(file).and_then(|file| file.modified()).is_ok_and(|modified| modified >= than)
}

/// When a file, or anything in a folder, was changed last.
fn newest(path: &Path) -> Result<SystemTime> {
    let metadata = fs::metadata(path).map_err(|error| format!("{} cannot be read ({error})", path.display()))?;
    let mut newest_of_all = metadata.modified()?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            newest_of_all = newest_of_all.max(newest(&entry?.path())?);
        }
    }
    Ok(newest_of_all)
}

/// A file of the console and its compressed copies.
struct Built {
    /// Its path below the console's root.
    path: String,
    file: PathBuf,
    brotli: Option<PathBuf>,
    gzip: Option<PathBuf>,
}

/// All files below `dist`, the compressed ones with theirs.
fn collect(dist: &Path) -> Result<Vec<Built>> {
    let mut files = Vec::new();
    walk(dist, &mut files)?;
    files.sort();
    let is_copy = |file: &Path| file.extension().is_some_and(|ending| ending == "br" || ending == "gz");
    let with = |file: &Path, ending: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        Some(PathBuf::from(name)).filter(|copy| files.contains(copy))
    };
    let built = files.iter().filter(|file| !is_copy(file)).map(|file| {
        let parts = file.strip_prefix(dist)?.iter().map(OsStr::to_string_lossy).collect::<Vec<_>>();
        Ok(Built { path: parts.join("/"), file: file.clone(), brotli: with(file, ".br"), gzip: with(file, ".gz") })
    });
    built.collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { walk(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

/// Copies the files beside the crate's other products, so that a later build of the console cannot pull them away, and
/// writes the list of them.
fn write(built: &[Built]) -> Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?);
    let mut list = "&[\n".to_owned();
    for (number, built) in built.iter().enumerate() {
        let keep = |from: &Path, name: &str| -> Result<String> {
            let kept = out.join(format!("{number}.{name}"));
            fs::copy(from, &kept)?;
            Ok(format!("include_bytes!({kept:?})"))
        };
        let optional = |from: &Option<PathBuf>, name: &str| match from {
            Some(from) => Ok::<_, Box<dyn Error>>(format!("Some({})", keep(from, name)?)),
            None => Ok("None".to_owned()),
        };
        writeln!(
            list,
            "    File {{ path: {:?}, kind: {:?}, tag: {:?}, plain: {}, brotli: {}, gzip: {} }},",
            built.path,
            kind(&built.path),
            tag(&fs::read(&built.file)?),
            keep(&built.file, "plain")?,
            optional(&built.brotli, "br")?,
            optional(&built.gzip, "gz")?,
        )?;
    }
    list.push(']');
    fs::write(out.join("files.rs"), list)?;
    Ok(())
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

fn tag(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
