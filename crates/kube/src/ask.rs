//! Asks as the kubelet asks: its paths, headers, redirects, limits and words.

pub mod url;
