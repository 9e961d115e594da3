//! Gives the module a stack that is deep enough for nested programs.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        println!("cargo::rustc-link-arg-cdylib=-zstack-size={}", 16 << 20);
    }
    println!("cargo::rerun-if-changed=build.rs");
}
