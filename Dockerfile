# docker build -t kvstore . && docker run --rm -p 8080:8080 -v kvstore:/data kvstore
ARG SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0
ARG RUNTIME_IMAGE=mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled

FROM ${SDK_IMAGE} AS build
WORKDIR /build

# The packages first: as long as these files stay the same, so does the layer that holds them.
COPY global.json .editorconfig Directory.Build.props Directory.Packages.props ./
COPY src/Directory.Build.props src/Directory.Build.targets src/
COPY src/KvStore/KvStore.csproj src/KvStore/packages.lock.json src/KvStore/
COPY src/KvStore.Storage/KvStore.Storage.csproj src/KvStore.Storage/packages.lock.json src/KvStore.Storage/
COPY src/KvStore.Server/KvStore.Server.csproj src/KvStore.Server/packages.lock.json src/KvStore.Server/
RUN dotnet restore src/KvStore.Server/KvStore.Server.csproj --locked-mode

COPY docs/ docs/
COPY src/ src/
RUN dotnet publish src/KvStore.Server/KvStore.Server.csproj -c Release --no-restore -p:UseAppHost=false -o /app

# An image without a shell cannot make a directory, so the one for the data comes from here.
RUN mkdir /data

FROM ${RUNTIME_IMAGE}
WORKDIR /app
COPY --from=build /app ./
COPY --from=build --chown=1654:1654 /data /data

# The images' own user, by number, so that a cluster can see that it is not root.
USER 1654
ENV ASPNETCORE_HTTP_PORTS=8080 \
    KvStore__Data=/data
EXPOSE 8080
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=10m --retries=3 CMD ["dotnet", "/app/KvStore.Server.dll", "healthcheck"]
ENTRYPOINT ["dotnet", "/app/KvStore.Server.dll"]
