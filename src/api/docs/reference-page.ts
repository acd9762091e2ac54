/** The reference page: Swagger UI from this server's own files, nothing from elsewhere. */
import express, { type RequestHandler } from 'express';
import { getAbsoluteFSPath } from 'swagger-ui-dist';

/** Where the files of Swagger UI are served. */
export const REFERENCE_FILES = '/api/docs/files';
/** The script that starts it: inline scripts are refused by our policy. */
export const REFERENCE_SCRIPT = '/api/docs/start.js';

/** The page around Swagger UI. */
export const referencePage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>CampsHub360 Attendance API</title>
<link rel="stylesheet" href="${REFERENCE_FILES}/swagger-ui.css">
<link rel="icon" href="${REFERENCE_FILES}/favicon-32x32.png">
</head>
<body>
<div id="reference"></div>
<script src="${REFERENCE_FILES}/swagger-ui-bundle.js"></script>
<script src="${REFERENCE_SCRIPT}"></script>
</body>
</html>
`;

/** Starts Swagger UI on our description; nothing is sent to a validator. */
export const referenceScript = `SwaggerUIBundle({
  url: '/api/v1/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  docExpansion: 'none',
  filter: true,
  persistAuthorization: false,
  validatorUrl: null,
});
`;

/** The library's own files, public as the library is. */
export function referenceFiles(): RequestHandler {
  return express.static(getAbsoluteFSPath(), { index: false, maxAge: '1d' });
}
