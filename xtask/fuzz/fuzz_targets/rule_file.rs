#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    (parser_corpus::target("rule_file").expect("a registered target").run)(bytes);
});
