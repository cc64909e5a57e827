//! What administrators write for Guard, and captures.

use std::io;
use std::path::Path;
use std::sync::LazyLock;

use guard_policies::capture::{Reader, Writer};
use guard_policies::cases;
use guard_policies::expression::{Expression, ExpressionText, NODES_MAX};
use guard_policies::file::{self, Files, Names};
use guard_policies::{Decision, Outcome, Policy, Record};

/// Names that the texts of the corpus use.
static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let mut names = Names::default();
    let words = [
        ("me", "010101010101010101010101:5".to_owned()),
        ("shop", "020202020202020202020202:7".to_owned()),
        ("peer", "cd".repeat(32)),
    ];
    for (name, text) in words {
        names.insert(name, &text).expect("an id with a name");
    }
    names
});

/// Messages that every expression is asked about.
static RECORDS: LazyLock<Vec<Record>> = LazyLock::new(|| {
    let text = include_str!("../corpora/case_file/entries.toml");
    let cases = cases::parse(text, &NAMES).expect("the corpus holds valid cases");
    cases.into_iter().map(|case| case.record).collect()
});

/// The bytes are the text of one expression: what loads takes the steps that it says, and the
/// evaluator never panics.
pub(crate) fn expression(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    let written = ExpressionText {
        refuse_if: Some(toml::Spanned::new(0..text.len(), text.to_owned())),
        ..ExpressionText::default()
    };
    let Ok(expression) = Expression::compile(&written, &NAMES, None) else {
        return;
    };
    assert!(expression.steps_max() <= NODES_MAX);
    for record in RECORDS.iter() {
        if let Err(failure) = expression.judge(&record.facts()).opinion {
            assert!(!failure.to_string().contains("panicked"));
        }
    }
}

/// One file, whatever is asked for, and a plugin where one is named.
struct OneFile<'b>(&'b [u8]);

impl Files for OneFile<'_> {
    fn read(&self, path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
        let plugin = include_bytes!("../../../guard-policies/plugins/newcomers/newcomers.wasm");
        let bytes = match path.extension() {
            Some(extension) if extension == "wasm" => plugin.as_slice(),
            _ => self.0,
        };
        match bytes.len() > bytes_max {
            true => Err(io::ErrorKind::FileTooLarge.into()),
            false => Ok(bytes.to_vec()),
        }
    }
}

/// What loads judges every message without a panic, and what does not says where it is wrong.
pub(crate) fn rule_file(bytes: &[u8]) {
    match file::load(Path::new("guard.toml"), &OneFile(bytes)) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(chain) => {
            for record in RECORDS.iter() {
                let judged = chain.judge(&record.facts());
                assert!(judged.decided_by.is_none_or(|at| at < chain.links().len()));
            }
        }
    }
}

/// What is wrong with a file is in the file.
pub(crate) fn case_file(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    match cases::parse(text, &NAMES) {
        Err(problem) => assert!(text.get(problem.at).is_some()),
        Ok(mut cases) => {
            cases.iter_mut().for_each(|case| case.repeat = 1);
            let report = cases::run(&cases, |_| Outcome {
                decision: Decision::Pass,
                policy: "default".into(),
                reason: None,
            });
            assert!(report.failures() <= cases.len());
        }
    }
}

/// What is read is the same bytes when written again.
pub(crate) fn guard_capture(bytes: &[u8]) {
    let Ok(mut reader) = Reader::new(bytes) else {
        return;
    };
    let mut writer = Writer::new(Vec::new(), reader.about()).expect("a header that was read");
    let has_params = reader.about().has_params;
    let mut is_odd = false;
    for captured in reader.by_ref().map_while(Result::ok) {
        is_odd |= captured.record.param.is_some() && !has_params;
        let again = writer.add(&captured.record, &captured.outcome, captured.generation);
        again.expect("a record that was read");
    }
    let again = writer.finish().expect("a Vec takes it");
    assert!(is_odd || bytes.starts_with(&again));
}
