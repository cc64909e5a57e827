//! Who may have a card open: PC/SC says that somebody has, and not who.

use std::path::Path;

/// Programs that open any card that they find, or keep one open, as the kernel names them (15 bytes).
const KNOWN: &[&str] = &[
    "scdaemon",
    "gpg-agent",
    "gsd-smartcard",
    "keepassxc",
    "p11-kit-server",
    "opensc-notify",
    "opensc-tool",
    "pkcs11-tool",
    "pkcs15-tool",
    "pcsc_scan",
    "ykman",
    "yubioath",
    "firefox",
    "AusweisApp2",
    "softhsm2-util",
    "etp-card-proxy",
];

/// Those that run now, with their process numbers; not this process.
pub(crate) fn running() -> Vec<String> {
    running_in(Path::new("/proc"), std::process::id())
}

fn running_in(processes: &Path, own: u32) -> Vec<String> {
    let entries = std::fs::read_dir(processes).into_iter().flatten().flatten();
    let mut found: Vec<(u32, String)> = entries
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.parse().ok()?;
            let name = std::fs::read_to_string(entry.path().join("comm")).ok()?;
            let name = name.trim_end();
            (number != own && KNOWN.contains(&name)).then(|| (number, name.to_owned()))
        })
        .collect();
    found.sort();
    let words = found.into_iter();
    words
        .map(|(number, name)| format!("{name} ({number})"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_programs_are_named_and_nobody_else() {
        let processes = tempfile::tempdir().expect("a directory");
        let all = [
            (30, "scdaemon"),
            (4, "gsd-smartcard"),
            (5, "bash"),
            (6, "etp-card-proxy"),
        ];
        for (number, name) in all {
            let directory = processes.path().join(number.to_string());
            std::fs::create_dir(&directory).expect("made");
            std::fs::write(directory.join("comm"), format!("{name}\n")).expect("written");
        }
        std::fs::create_dir(processes.path().join("self")).expect("made");
        let found = running_in(processes.path(), 6);
        assert_eq!(found, ["gsd-smartcard (4)", "scdaemon (30)"]);
        assert!(running_in(&processes.path().join("none"), 6).is_empty());
    }
}
