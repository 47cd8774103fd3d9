//! The console's files as `npm run build` made them of `console/`, compressed, in the binary.
//!
//! `build.rs` has npm build them. Where that was not possible there are none. Serving them is left to `allswell-monitor`, which
//! does not depend on this crate: a change of the console compiles little.

/// A file of the console.
#[derive(Debug)]
pub struct File {
    /// Its path below the console's root, `assets/index-GrZbJoIu.js`.
    pub path: &'static str,
    /// Its media type.
    pub kind: &'static str,
    /// What changes when it does; for an `ETag`.
    pub tag: &'static str,
    /// As it is.
    pub plain: &'static [u8],
    /// Compressed with brotli, where that makes it smaller.
    pub brotli: Option<&'static [u8]>,
    /// Compressed with gzip, where that makes it smaller.
    pub gzip: Option<&'static [u8]>,
}

/// All files; none when the crate was built without npm.
pub const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_the_page_names_is_there() {
        let find = |path: &str| FILES.iter().find(|file| file.path == path);
        let Some(page) = find("index.html") else {
            assert_eq!(FILES.len(), 0, "without a page there is nothing");
            return;
        };
        let html = std::str::from_utf8(page.plain).expect("the page is UTF-8");
        let named: Vec<&str> = html.split("\"./").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(named.len() > 2, "{html}");
        for path in named.iter().filter(|path| **path != "assets/icon.svg") {
            assert!(find(path).is_some(), "{path} is not embedded");
        }
    }

    #[test]
    fn texts_are_there_compressed() {
        for file in FILES.iter().filter(|file| file.path.starts_with("assets/") && file.path.ends_with(".js")) {
            let (brotli, gzip) = (file.brotli.expect("brotli"), file.gzip.expect("gzip"));
            assert!(brotli.len() < file.plain.len() && gzip.len() < file.plain.len(), "{}", file.path);
        }
    }
}
