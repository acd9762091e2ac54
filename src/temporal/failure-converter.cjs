// Encodes messages and stacks of failures with the payload codec (temporal.md section 12). CommonJS,
// because clients, workers and the workflow bundle each load it by path.
const { DefaultFailureConverter } = require('@temporalio/common');

exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
