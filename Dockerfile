# docker build -t kvstore . && docker run --rm -p 8080:8080 -v kvstore:/data kvstore
#
# The tags move with security updates. To build the same image again, pin what they name today, which this prints for each:
#
#   docker buildx imagetools inspect --format '{{.Manifest.Digest}}' mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled
#   docker build --build-arg RUNTIME_IMAGE=mcr.microsoft.com/dotnet/runtime-deps@sha256:... -t kvstore .
ARG NODE_IMAGE=docker.io/library/node:22-trixie-slim
ARG SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0-noble-aot
ARG RUNTIME_IMAGE=mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled

# The console, a page, is made with Node.js, which the SDK's image does not have.
FROM ${NODE_IMAGE} AS console
WORKDIR /build
COPY src/KvStore.Console src/KvStore.Console
COPY clients/typescript clients/typescript
RUN --mount=type=cache,target=/root/.npm node src/KvStore.Console/build/build.mjs

FROM ${SDK_IMAGE} AS build
WORKDIR /build
COPY . .
COPY --from=console /build/src/KvStore.Console/obj/console /console
RUN --mount=type=cache,target=/root/.nuget/packages CI=true ./publish.sh --console /console --without-kv /app

# An image without a shell cannot make a directory, so the one for the data comes from here.
RUN mkdir /app/data

# The C library, OpenSSL, certificates and time zones: no .NET, no shell, no package manager.
FROM ${RUNTIME_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="KvStore" \
      org.opencontainers.image.description="A linearizable key-value store that speaks plain HTTP" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /app/KvStore.Server /app/KvStore.Server
COPY --from=build --chown=1654:1654 /app/data /data

# The images' own user, by number, so that a cluster can see that it is not root. It writes to /data alone.
USER 1654
ENV ASPNETCORE_HTTP_PORTS=8080 \
    KvStore__Data=/data \
    KvStore__DrainTime=5s \
    KvStore__FirstKey=true
EXPOSE 8080
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=10m --retries=3 CMD ["/app/KvStore.Server", "healthcheck"]
ENTRYPOINT ["/app/KvStore.Server"]
