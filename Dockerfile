# syntax=docker/dockerfile:1

# A builder with a C compiler: SQLite and the cryptography are built from source.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin millhand \
    && install -D target/release/millhand /out/millhand

# TLS asks the system for its certificates, and Millhand needs nothing else of it.
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 millhand \
    && useradd --system --uid 10001 --gid millhand --no-create-home --shell /usr/sbin/nologin millhand \
    && install -d -o millhand -g millhand -m 0700 /data
COPY --from=build /out/millhand /usr/local/bin/millhand
USER 10001:10001

# The database lives on a volume. Secrets come from the environment, never from the image.
WORKDIR /data
VOLUME /data
ENV MILLHAND_LISTEN=0.0.0.0:8080 \
    MILLHAND_DATABASE_URL=sqlite:///data/millhand.db
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["millhand"]
CMD ["serve"]
