# One image for all services: `docker compose` starts it as idp, hub, resource, flow and console.
# Every instruction is one that the classic builder knows, so that any Docker engine can build it.

FROM rust:1.95-slim-bookworm AS toolchain
WORKDIR /src
# The linker folds functions that are the same and packs relocations: a tenth of the program. Elsewhere it does not, because older
# C libraries cannot load what is packed so; the image brings its own. (Rust's linker for x86-64 is LLD, for the other one not.)
# .cargo/config.toml explains the variables of AWS-LC and SQLite.
ENV CARGO_INCREMENTAL=0 CARGO_TERM_COLOR=never AWS_LC_SYS_NO_JITTER_ENTROPY=1 \
    LIBSQLITE3_FLAGS="-DSQLITE_DEFAULT_MEMSTATUS=0 -DSQLITE_DEFAULT_PCACHE_INITSZ=160 -USQLITE_ENABLE_MEMORY_MANAGEMENT -USQLITE_ENABLE_API_ARMOR -USQLITE_ENABLE_STAT4" \
    CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS="-Clink-arg=-Wl,--icf=all -Clink-arg=-Wl,-z,pack-relative-relocs" \
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS="-Clink-arg=-Wl,-z,pack-relative-relocs"

# The workspace with its manifests but with empty programs: as long as no manifest changes, the next stage's expensive
# layer (all dependencies, compiled) comes from the cache.
FROM toolchain AS manifests
COPY . .
RUN set -eu; \
    find . -type f ! -name Cargo.toml ! -name Cargo.lock \
        ! -path '*/src/lib.rs' ! -path '*/src/main.rs' ! -path '*/benches/*.rs' ! -name build.rs -delete; \
    find . -type d -empty -delete; \
    mkdir -p tests/src; : > tests/src/lib.rs; \
    find . -name lib.rs -exec truncate -s 0 {} +; \
    find . -name '*.rs' ! -name lib.rs -exec sh -c 'for f; do echo "fn main() { }" > "$f"; done' sh {} +

FROM toolchain AS build
COPY --from=manifests /src .
RUN cargo build --release --locked --package outlive
COPY . .
# The copied sources may be older than the empty ones that were just compiled, and cargo goes by the time of change.
RUN find crates -name '*.rs' -exec touch {} + && cargo build --release --locked --package outlive
# The image's whole file system: the binary, the shared libraries it names with their loader, a user, name resolution
# through the container's hosts file and DNS, and the directory for data.
RUN set -eu; \
    mkdir -p /image/etc /image/data /image/keys; \
    cp target/release/outlive /image/outlive; \
    ldd /image/outlive | grep -oE '/[^ ]+' | sort -u | xargs -I{} cp --parents --dereference {} /image; \
    echo 'outlive:x:10001:10001:Outlive:/data:/sbin/nologin' > /image/etc/passwd; \
    echo 'outlive:x:10001:' > /image/etc/group; \
    echo 'hosts: files dns' > /image/etc/nsswitch.conf; \
    chown 10001:10001 /image/data /image/keys

FROM scratch
COPY --from=build /image /
# A named volume takes its owner from the image's directory, which the copy above leaves to root on some builders.
COPY --from=build --chown=10001:10001 /image/data /data
COPY --from=build --chown=10001:10001 /image/keys /keys
ENV OUTLIVE_DATA=/data
WORKDIR /data
USER 10001:10001
VOLUME ["/data"]
EXPOSE 8700 8701 8702 8703 8704 8743 8744
# That of `up` and `console`; docker-compose.yml has those of the other services.
HEALTHCHECK --interval=5s --timeout=3s --start-period=15s --retries=6 CMD ["/outlive", "health", "http://127.0.0.1:8700/healthz"]
ENTRYPOINT ["/outlive"]
CMD ["--help"]
# Last, so that another commit changes no layer: docker build --build-arg REVISION=$(git rev-parse HEAD) .
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Outlive" \
      org.opencontainers.image.description="Which credentials outlive a password change, and why" \
      org.opencontainers.image.source="https://outlive.example/outlive" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.licenses="Apache-2.0"
