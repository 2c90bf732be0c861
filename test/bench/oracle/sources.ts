/** Where the recorded history comes from: public packages that ship readable sources, exact versions. */

/** Releases of npm packages, in order: each step from one to the next is a change. `noise`: what tools write in this one. */
export const RELEASES: readonly { readonly package: string; readonly versions: string; readonly noise?: RegExp }[] = [
  { package: '@tanstack/query-core', versions: '5.104.0 5.104.1 5.104.2 5.104.3 5.104.4 5.104.5 5.105.0 5.105.1 5.105.2 5.105.3 5.106.0 5.106.1 5.107.1 5.108.0' },
  { package: 'axios', versions: '1.13.6 1.14.0 1.15.0 1.15.1 1.15.2 1.16.0 1.16.1 1.17.0 1.18.0 1.18.1 1.19.0 1.20.0 1.21.0 1.21.1' },
  { package: 'commander', versions: '10.0.0 10.0.1 11.0.0 11.1.0 12.0.0 12.1.0 13.0.0 13.1.0 14.0.0 14.0.1 14.0.2 14.0.3 15.0.0 15.1.0' },
  { package: 'cordova-android', versions: '9.1.0 10.0.0 10.0.1 10.1.0 10.1.1 10.1.2 11.0.0 12.0.0 12.0.1 13.0.0 14.0.0 14.0.1 15.0.0 15.1.0' },
  { package: 'eslint', versions: '10.4.1 10.5.0 10.6.0 10.7.0 10.8.0 10.8.1 10.9.0 10.9.1 10.10.0 10.11.0 10.12.0 10.13.0 10.14.0 10.15.0', noise: /^README\.md$/ },
  { package: 'express', versions: '4.20.0 4.21.0 4.21.1 4.21.2 4.22.0 4.22.1 4.22.2 4.22.3 5.0.0 5.0.1 5.1.0 5.2.0 5.2.1 5.3.0' },
  { package: 'fastify', versions: '5.10.0 5.11.0 5.11.1 5.11.2 5.11.3 5.12.0 5.12.1 5.12.2 5.12.3 5.12.4 5.12.5 5.12.6 5.12.7 5.12.8', noise: /^SPONSORS\.md$/ },
  { package: 'knex', versions: '3.0.1 3.1.0 3.2.0 3.2.1 3.2.2 3.2.3 3.2.4 3.2.5 3.2.6 3.2.7 3.2.8 3.2.9 3.2.10 3.3.0' },
  { package: 'koa', versions: '2.16.1 2.16.2 2.16.3 2.16.4 3.0.0 3.0.1 3.0.2 3.0.3 3.1.0 3.1.1 3.1.2 3.2.0 3.2.1 3.3.0' },
  { package: 'mocha', versions: '11.5.0 11.6.0 11.7.0 11.7.1 11.7.2 11.7.3 11.7.4 11.7.5 11.7.6 11.8.0 12.0.0 12.0.1 12.0.2 12.0.3', noise: /^mocha(-es2018)?\.js$/ },
  { package: 'mongodb', versions: '6.20.0 6.21.0 6.22.0 7.0.0 7.1.0 7.1.1 7.2.0 7.3.0 7.4.0 7.5.0 7.6.0 7.7.0 7.8.0 7.9.0', noise: /^mongodb\.d\.ts$/ },
  { package: 'mongoose', versions: '9.9.4 9.9.5 9.10.0 9.10.1 9.10.2 9.10.3 9.10.4 9.11.0 9.11.1 9.11.2 9.11.3 9.11.4 9.12.0 9.12.1' },
  { package: 'mysql2', versions: '3.22.5 3.22.6 3.23.0 3.23.1 3.23.2 3.23.3 3.23.4 3.24.0 3.24.1 3.24.2 3.24.3 3.24.4 3.24.5 3.24.6' },
  { package: 'node-gyp', versions: '11.3.0 11.4.0 11.4.1 11.4.2 11.5.0 12.0.0 12.1.0 12.2.0 12.3.0 12.4.0 13.0.0 13.0.1 13.0.2 13.1.0', noise: /^gyp\/pyproject\.toml$/ },
  { package: 'nodemailer', versions: '10.0.14 10.0.15 10.0.16 10.1.0 10.1.1 10.1.2 10.1.4 10.1.7 10.2.1 10.3.0 10.3.1 10.4.0 10.5.0 10.6.0' },
  { package: 'react-native-maps', versions: '1.26.14 1.26.17 1.26.18 1.26.19 1.26.20 1.27.1 1.27.2 1.28.2 1.29.0 1.29.2 1.29.3 1.29.7 1.29.8 1.29.11' },
  { package: 'svelte', versions: '5.56.1 5.56.2 5.56.3 5.56.4 5.56.5 5.56.6 5.56.7 5.56.8 5.56.9 5.56.10 5.57.0 5.57.1 5.57.2 5.57.3', noise: /^(compiler|types)\// },
  { package: 'undici', versions: '8.7.0 8.8.0 8.9.0 8.10.0 8.10.1 8.10.2 8.11.0 8.11.1 8.11.2 8.12.0 8.12.1 8.12.2 8.12.3 8.12.4' },
  { package: 'viem', versions: '2.56.1 2.56.2 2.56.3 2.56.5 2.56.6 2.56.7 2.56.8 2.56.9 2.57.0 2.57.1 2.57.4 2.57.12 2.57.13 2.57.20' },
  { package: 'webpack', versions: '5.108.3 5.108.4 5.109.0 5.109.1 5.109.2 5.110.0 5.110.1 5.110.2 5.110.3 5.111.0 5.111.1 5.112.0 5.112.1 5.112.2' },
  { package: 'ws', versions: '8.18.1 8.18.2 8.18.3 8.19.0 8.20.0 8.20.1 8.21.0 8.21.1 8.21.2 8.21.3 8.22.0 8.22.1 8.22.2 8.23.0' },
];

/** Debian source packages (bookworm) with series of patches, most of them single upstream commits: each patch is a change. */
export const PATCHED: readonly { readonly package: string; readonly version: string }[] = [
  { package: 'calibre', version: '6.13.0+repack-2+deb12u10' },
  { package: 'cargo', version: '0.66.0+ds1-1' },
  { package: 'containerd', version: '1.6.20~ds1-1+deb12u3' },
  { package: 'docker.io', version: '20.10.24+dfsg1-1+deb12u1' },
  { package: 'golang-1.19', version: '1.19.8-2' },
  { package: 'jetty9', version: '9.4.57-1.1~deb12u1' },
  { package: 'mercurial', version: '6.3.2-1+deb12u1' },
  { package: 'netty', version: '1:4.1.48-7+deb12u2' },
  { package: 'python-django', version: '3:3.2.25-0+deb12u3' },
];

/** In a package, written by tools or for every release: no work of anybody's, and a conflict in each pair. */
export const NOISE = /(^|\/)(dist|build|_types|_esm|_cjs|umd|cjs|esm|node_modules)\/|(^|\/)(package(-lock)?\.json|(CHANGELOG|HISTORY|CHANGES|RELEASENOTES|UPGRADING|AUTHORS|VERSION|NEWS)(\.\w+)?|\.release-please-manifest\.json|.*\.(map|tsbuildinfo|min\.js))$/i;
