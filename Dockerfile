# The operator's image: the bundled program on Node, without a shell, as an ordinary user, root file system read-only.
FROM node:24-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build

FROM gcr.io/distroless/nodejs24-debian12:nonroot
WORKDIR /app
COPY --from=build /src/dist/tandem.mjs /src/dist/tandem.mjs.map /app/
USER 65532:65532
ENTRYPOINT ["/nodejs/bin/node", "--enable-source-maps", "/app/tandem.mjs"]
