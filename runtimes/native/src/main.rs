//! The launcher's executable; the `stockade` binary carries it and runs it from a sealed memory file.

fn main() -> std::process::ExitCode {
    std::process::exit(stockade_native::launcher::run())
}
