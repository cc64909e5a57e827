#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    (parser_corpus::target("plugin_answer").expect("a registered target").run)(bytes);
});
