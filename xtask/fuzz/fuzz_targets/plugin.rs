#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    (parser_corpus::target("plugin").expect("a registered target").run)(bytes);
});
