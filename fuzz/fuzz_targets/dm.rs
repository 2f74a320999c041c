#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cupule_fuzz::read("fuzz.dm4", bytes));
