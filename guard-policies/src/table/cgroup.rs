//! Paths in the control group hierarchy, and what lies below them.

/// The path itself and every path above it but the root, longest first: of `/a/b`, `/a/b` and `/a`.
pub(super) fn lineage(path: &str) -> impl Iterator<Item = &str> {
    let start = Some(path.trim_end_matches('/'));
    std::iter::successors(start, |path| parent(path)).take_while(|path| !path.is_empty())
}

fn parent(path: &str) -> Option<&str> {
    path.rfind('/').map(|end| &path[..end])
}

/// Whether `path` is `above` or lies below it.
pub(super) fn is_within(path: &str, above: &str) -> bool {
    let below = path.strip_prefix(above);
    below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_lies_below_another_at_a_boundary_only() {
        assert!(is_within("/a/b", "/a"));
        assert!(is_within("/a", "/a"));
        assert!(!is_within("/ab", "/a"));
        assert!(!is_within("/", "/a"));
        let paths: Vec<&str> = lineage("/a/b c/d").collect();
        assert_eq!(paths, ["/a/b c/d", "/a/b c", "/a"]);
        assert_eq!(lineage("/").count(), 0);
    }
}
