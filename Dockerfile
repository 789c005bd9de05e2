# The operator's image: the bundled program on Node, without a shell, as an ordinary user, root file system read-only.
FROM node:24-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build

FROM gcr.io/distroless/nodejs24-debian12:nonroot
WORKDIR /app
COPY --from=build /src/dist/tandem.mjs /app/
USER 65532:65532
# No --enable-source-maps: the first stack that is printed would cost 70 MB for good. Functions keep their names.
ENTRYPOINT ["/nodejs/bin/node", "/app/tandem.mjs"]
