# The common tasks. Each recipe is one command that works without `just`, too.

# List the tasks.
default:
    @just --list

# Find mistakes without building programs.
check:
    cargo clippy --workspace --all-targets --locked

# Run everything that continuous integration runs.
test:
    scripts/test

# Test one crate: just test-crate rules
test-crate crate *arguments:
    cargo test --locked -p outlive-{{crate}} {{arguments}}

# Format all code.
fmt:
    cargo fmt --all

# Check format and lints, as scripts/test does.
lint:
    cargo fmt --all --check && cargo clippy --workspace --all-targets --locked -- -D warnings

# Run the main scenario and check every step.
story:
    cargo run --release --locked -- run scenarios/flow-outlives-password.yaml

# Start all services; the console is at http://127.0.0.1:8700.
up *arguments:
    cargo run --release --locked -- up {{arguments}}

# Run the benchmarks of one package: just bench, just bench rules
bench package="tests":
    cargo bench --locked -p outlive-{{package}}

# Load, sign in to and call each connector of a folder.
try-connectors *arguments:
    scripts/try-connectors {{arguments}}

# Kill the system at random moments and check what a restart finds.
kill-test *arguments:
    scripts/kill-test {{arguments}}

# Build the documents as a book and check their links.
book:
    scripts/book

# Pack the program: archive, Debian package, SBOM and checksums.
release *arguments:
    scripts/release {{arguments}}

# Check the messages of commits from now on.
hooks:
    git config core.hooksPath .githooks
