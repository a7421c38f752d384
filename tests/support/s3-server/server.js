// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// An S3 server for the tests: s3rver, the edition that verifies signatures of version 4.
//
// server.js FOLDER BUCKET SECRET [TOKEN]
// Its access key is S3RVER. Listens at any port of loopback, prints it, and ends with its standard
// input. FOLDER/requests.jsonl gets one line a request when it has ended. With TOKEN, what is signed must hold this
// session token, as with temporary credentials; s3rver itself does not look at it.
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');
const S3rver = require('@20minutes/s3rver');
const Account = require('@20minutes/s3rver/lib/models/account');
const S3Error = require('@20minutes/s3rver/lib/models/error');

const [folder, bucket, secret, token] = process.argv.slice(2);
Account.DUMMY_ACCOUNT.createKeyPair('S3RVER', secret);

const server = new S3rver({
  directory: path.join(folder, 'objects'),
  silent: true,
  serviceEndpoint: 'localhost',
  configureBuckets: [{ name: bucket, configs: [] }],
});

const answer = server.callback();
let count = 0;

/** What the signature covers: the session token, in the header or in the signed query. */
function hasToken(request) {
  const query = new URL(request.url, 'http://localhost').searchParams;
  if (query.has('X-Amz-Signature')) return query.get('X-Amz-Security-Token') === token;
  const signed = /SignedHeaders=([^,]*)/.exec(request.headers.authorization || '');
  return Boolean(signed) && signed[1].split(';').includes('x-amz-security-token') &&
    request.headers['x-amz-security-token'] === token;
}

function refuse(response) {
  const error = new S3Error('InvalidToken', 'The provided token is malformed or otherwise invalid.');
  response.writeHead(400, { 'Content-Type': 'application/xml' });
  response.end(error.toXML());
}

const frontend = http.createServer((request, response) => {
  const { 'user-agent': agent = '', 'x-amz-content-sha256': hash = '' } = request.headers;
  const number = count++;
  // 'close', not 'finish': a client may have seen enough after the headers.
  response.on('close', () => {
    const row = {
      number,
      method: request.method,
      path: decodeURIComponent(request.url.split('?')[0]),
      signed: request.url.includes('X-Amz-Signature=') || 'authorization' in request.headers,
      status: response.statusCode,
      agent: agent.split('/')[0],
      host: request.headers.host.split(':')[0],
      hash,
    };
    fs.appendFileSync(path.join(folder, 'requests.jsonl'), JSON.stringify(row) + '\n');
  });
  // A bucket that anybody may read would prove nothing.
  if (!('authorization' in request.headers) && !request.url.includes('X-Amz-Signature=')) {
    response.writeHead(403, { 'Content-Type': 'application/xml' });
    response.end(new S3Error('AccessDenied', 'Access Denied').toXML());
  } else if (token && !hasToken(request)) {
    refuse(response);
  } else {
    answer(request, response);
  }
});

(async () => {
  await server.configureBuckets();
  frontend.listen(0, '127.0.0.1', () => console.log(frontend.address().port));
  process.stdin.on('end', () => process.exit(0)).resume();
})();
