#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cupule_fuzz::find_marks(bytes));
